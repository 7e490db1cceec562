/** Written by `scripts/abi.mjs` from `assembly/abi.ts`: do not edit. Fields are [type, byte offset]. */
export const KernelContext = {
  bytes: 216,
  fields: {
    ops: ['u32', 0],
    precessions: ['u32', 4],
    excitations: ['u32', 8],
    pulses: ['u32', 12],
    pulseForms: ['u32', 16],
    steps: ['u32', 20],
    stepTerms: ['u32', 24],
    lineRuns: ['u32', 28],
    batches: ['u32', 32],
    trajectories: ['u32', 36],
    operators: ['u32', 40],
    operatorCount: ['i32', 44],
    operatorUses: ['u32', 48],
    terms: ['u32', 52],
    lookUps: ['u32', 56],
    nufft2d1s: ['u32', 60],
    gridBytes: ['u32', 64],
    lines: ['u32', 68],
    senses: ['u32', 72],
    nufft2d3s: ['u32', 76],
    pointBytes: ['u32', 80],
    cachedPrecessions: ['u32', 84],
    cachedCount: ['i32', 88],
    precision: ['i32', 92],
    capacity: ['i32', 96],
    bufferLines: ['i32', 100],
    buffers: ['i32', 104],
    longest: ['i32', 108],
    use256: ['i32', 112],
    slots: ['i32', 116],
    slotTable: ['u32', 120],
    scratch: ['u32', 124],
    sums: ['u32', 128],
    accumulators: ['i32', 132],
    sumsKind: ['i32', 136],
    sampleCount: ['i32', 140],
    channels: ['i32', 144],
    isModelled: ['i32', 148],
    phaseTerms: ['i32', 152],
    transmits: ['i32', 156],
    coils: ['i32', 160],
    coilSets: ['i32', 164],
    nodes: ['i32', 168],
    fieldWidth: ['i32', 172],
    filled: ['i32', 176],
    next: ['i32', 180],
    finished: ['i32', 184],
    stop: ['i32', 188],
    failed: ['i32', 192],
    scale: ['f64', 200],
    largest: ['f64', 208],
  },
} as const;
export const Op = {
  bytes: 8,
  fields: {
    kind: ['i32', 0],
    index: ['i32', 4],
  },
} as const;
export const OP = {
  PRECESS: 0,
  EXCITE: 1,
  READOUT: 2,
  SAMPLE_LINE_STARTS: 3,
  SUM_BATCH: 4,
  APPLY_OPERATOR: 5,
  NUFFT2D1: 6,
  NUFFT2D3: 7,
  PRECESS_CACHED: 8,
  LINE_RECURRENCE: 9,
  SLIDE: 10,
  HOLD: 11,
  RELEASE: 12,
  SENSE: 13,
  LINE: 15,
  FIELD: 14,
  LOOK_UP: 16,
  CACHE_LOOK_UP: 17,
} as const;
export const Precession = {
  bytes: 32,
  fields: {
    kx: ['f64', 0],
    ky: ['f64', 8],
    kz: ['f64', 16],
    t: ['f64', 24],
  },
} as const;
export const Excitation = {
  bytes: 44,
  fields: {
    pulse: ['f64', 0],
    cosIn: ['f64', 8],
    sinIn: ['f64', 16],
    cosOut: ['f64', 24],
    sinOut: ['f64', 32],
    transmit: ['i32', 40],
  },
} as const;
export const Pulse = {
  bytes: 32,
  fields: {
    firstStep: ['f64', 0],
    steps: ['f64', 8],
    offset: ['f64', 16],
    duration: ['f64', 24],
  },
} as const;
export const SUMS = {
  OWN: 0,
  SHARED: 1,
  FLOAT: 2,
} as const;
export const PULSE = {
  SMALL: 0,
  ANY: 1,
  HELD: 2,
  HELD_F64: 3,
} as const;
export const RfStep = {
  bytes: 96,
  fields: {
    dt: ['f64', 0],
    gx: ['f64', 8],
    gy: ['f64', 16],
    gz: ['f64', 24],
    hx: ['f64', 32],
    hy: ['f64', 40],
    square: ['f64', 48],
    hxSingle: ['f32', 56],
    hySingle: ['f32', 60],
    squareSingle: ['f32', 64],
    isNew: ['i32', 68],
    relaxBefore: ['f64', 72],
    relaxAfter: ['f64', 80],
    terms: ['i32', 88],
    doublings: ['i32', 92],
  },
} as const;
export const LineRun = {
  bytes: 28,
  fields: {
    firstSample: ['i32', 0],
    trajectory: ['i32', 4],
    precession: ['i32', 8],
    buffer: ['i32', 12],
    line: ['i32', 16],
    lines: ['i32', 20],
    step: ['i32', 24],
  },
} as const;
export const Batch = {
  bytes: 28,
  fields: {
    trajectory: ['i32', 0],
    buffer: ['i32', 4],
    lineCount: ['i32', 8],
    firstSamples: ['u32', 12],
    nufft1d1: ['u32', 16],
    firstRun: ['i32', 20],
    lineRuns: ['i32', 24],
  },
} as const;
export const Trajectory = {
  bytes: 12,
  fields: {
    points: ['u32', 0],
    samples: ['i32', 4],
    exactEvery: ['i32', 8],
  },
} as const;
export const Operator = {
  bytes: 8,
  fields: {
    pulse: ['i32', 0],
    table: ['u32', 4],
  },
} as const;
export const Table = {
  bytes: 80,
  fields: {
    gx: ['f64', 0],
    gy: ['f64', 8],
    gz: ['f64', 16],
    low: ['f64', 24],
    perHertz: ['f64', 32],
    cells: ['f64', 40],
    degree: ['f64', 48],
    R1Count: ['f64', 56],
    R2Count: ['f64', 64],
    coefficients: ['f64', 72],
  },
} as const;
export const OperatorUse = {
  bytes: 12,
  fields: {
    excitation: ['i32', 0],
    firstTerm: ['i32', 4],
    terms: ['i32', 8],
  },
} as const;
export const Term = {
  bytes: 24,
  fields: {
    operator: ['f64', 0],
    even: ['f64', 8],
    odd: ['f64', 16],
  },
} as const;
export const DriftTable = {
  bytes: 104,
  fields: {
    cells: ['i32', 0],
    cellBytes: ['i32', 4],
    rotationOrders: ['i32', 8],
    rotation: ['u32', 12],
    ordersR1: ['i32', 16],
    ordersDelta: ['i32', 20],
    ordersDrift: ['i32', 24],
    terms: ['i32', 28],
    wholeTerms: ['i32', 32],
    orders: ['u32', 36],
    coefficients: ['u32', 40],
    perHertz: ['f64', 48],
    perR1: ['f64', 56],
    perDrift: ['f64', 64],
    middleDelta: ['f64', 72],
    perDelta: ['f64', 80],
    ofLargest: ['f64', 88],
    duration: ['f64', 96],
  },
} as const;
export const LookUp = {
  bytes: 28,
  fields: {
    excitation: ['i32', 0],
    table: ['u32', 4],
    middle: ['u32', 8],
    slope: ['u32', 12],
    shift: ['f64', 16],
    operator: ['i32', 24],
  },
} as const;
export const Stage = {
  bytes: 16,
  fields: {
    radix: ['i32', 0],
    m: ['i32', 4],
    stride: ['i32', 8],
    twiddles: ['u32', 12],
  },
} as const;
export const Kernel = {
  bytes: 16,
  fields: {
    width: ['i32', 0],
    taps: ['i32', 4],
    degree: ['i32', 8],
    polynomials: ['u32', 12],
  },
} as const;
export const Axis = {
  bytes: 36,
  fields: {
    samples: ['i32', 0],
    grid: ['i32', 4],
    width: ['i32', 8],
    taps: ['i32', 12],
    degree: ['i32', 16],
    polynomials: ['u32', 20],
    factors: ['u32', 24],
    stages: ['u32', 28],
    stageCount: ['i32', 32],
  },
} as const;
export const Nufft2d1 = {
  bytes: 16,
  fields: {
    geometry: ['u32', 0],
    sampleAxis: ['u32', 4],
    lineAxis: ['u32', 8],
    firstSamples: ['u32', 12],
  },
} as const;
export const Nufft1d1 = {
  bytes: 8,
  fields: {
    axis: ['u32', 0],
    rate: ['u32', 4],
  },
} as const;
export const LineAxis = {
  bytes: 36,
  fields: {
    samples: ['i32', 0],
    grid: ['i32', 4],
    width: ['i32', 8],
    taps: ['i32', 12],
    orders: ['i32', 16],
    weights: ['u32', 20],
    factors: ['u32', 24],
    stages: ['u32', 28],
    stageCount: ['i32', 32],
  },
} as const;
export const Line = {
  bytes: 44,
  fields: {
    axis: ['u32', 0],
    middle: ['u32', 4],
    rate: ['u32', 8],
    bend: ['u32', 12],
    commonR2: ['f64', 16],
    decay: ['f64', 24],
    isLast: ['i32', 32],
    first: ['i32', 36],
    coilTerms: ['i32', 40],
  },
} as const;
export const Sense = {
  bytes: 32,
  fields: {
    set: ['i32', 0],
    terms: ['i32', 4],
    chunkTerms: ['i32', 8],
    start: ['f64', 16],
    step: ['f64', 24],
  },
} as const;
export const PlaneAxis = {
  bytes: 44,
  fields: {
    place: ['u32', 0],
    cells: ['i32', 4],
    middle: ['i32', 8],
    spreading: ['u32', 12],
    corrections: ['u32', 16],
    grid: ['i32', 20],
    first: ['i32', 24],
    count: ['i32', 28],
    stages: ['u32', 32],
    stageCount: ['i32', 36],
    interpolation: ['u32', 40],
  },
} as const;
export const NufftPlane = {
  bytes: 40,
  fields: {
    u: ['u32', 0],
    v: ['u32', 4],
    times: ['u32', 8],
    nodes: ['i32', 12],
    parts: ['u32', 16],
    decay: ['f64', 24],
    commonR2: ['f64', 32],
  },
} as const;
export const Nufft2d3 = {
  bytes: 20,
  fields: {
    precession: ['u32', 0],
    plane: ['u32', 4],
    samples: ['i32', 8],
    points: ['u32', 12],
    targets: ['u32', 16],
  },
} as const;
export const Nufft2d3Sample = {
  bytes: 28,
  fields: {
    u: ['i32', 0],
    v: ['i32', 4],
    betweenU: ['f32', 8],
    betweenV: ['f32', 12],
    time: ['f32', 16],
    cos: ['f32', 20],
    sin: ['f32', 24],
  },
} as const;
export const Slot = {
  bytes: 40,
  fields: {
    spins: ['u32', 0],
    count: ['i32', 4],
    done: ['i32', 8],
    fieldRatio: ['f64', 16],
    firstOp: ['i32', 24],
    opCount: ['i32', 28],
    magnetization: ['u32', 32],
    initial: ['u32', 36],
  },
} as const;
export const Start = {
  bytes: 16,
  fields: {
    job: ['u32', 0],
    thread: ['i32', 4],
    error: ['i32', 8],
    tid: ['i32', 12],
  },
} as const;
export const TILE_BYTES = 128;
export const MODEL_CHUNK = 32;
export const MOST_SENSE_TERMS = 16;
export const COMPOSE_BYTES = 1024;
export const PANEL = 32;
export const COILS_BESIDE = 4;
export const LINES_BESIDE = 4;
