/**
 * Gauss–Legendre nodes and weights on [−1, 1], by number of nodes. n nodes are exact up to degree
 * 2n − 1; eight have an error of 1e-13 for a rotation by half a radian.
 */
export const GAUSS = {
  2: symmetric([[0.5773502691896257, 1]]),
  3: [...symmetric([[0.7745966692414834, 5 / 9]]), [0, 8 / 9] as const],
  8: symmetric([
    [0.1834346424956498, 0.362683783378362],
    [0.525532409916329, 0.3137066458878773],
    [0.7966664774136267, 0.22238103445337448],
    [0.9602898564975363, 0.10122853629037626],
  ]),
};

function symmetric(half: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  return half.flatMap(([node, weight]) => [[-node, weight] as const, [node, weight] as const]);
}
