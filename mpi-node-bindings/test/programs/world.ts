/**
 * Says which world it found itself in, or why it refused. Options of load() as JSON in the first
 * argument.
 */
import { LaunchError, load } from '../../index.ts';

try {
  const mpi = load(JSON.parse(process.argv[2] ?? '{}'));
  mpi.world.barrier();
  const { rank, size } = mpi.world;
  process.stdout.write(`${JSON.stringify({ family: mpi.family, rank, size, passedOver: mpi.passedOver })}\n`);
  mpi.finalize();
} catch (error) {
  if (!(error instanceof LaunchError)) throw error;
  process.stderr.write(`launcher's rank ${error.rank} refuses: ${error.message}\n`);
  process.exitCode = 3;
}
