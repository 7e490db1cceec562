/**
 * Tells V8 to wait longer before it optimises a function: a short run is over before most of them repay the compiler. Node 20
 * only, where it saves a fifteenth of the processor time of `larmor simulate` and costs 0.1 s, once, where a sequence of
 * 10 MB is read; later Nodes have a compiler between, know no such flag and ignore it. Imported before anything that runs.
 */
import v8 from 'node:v8';

/** Bytes of bytecode between two looks at a function; V8 takes 67 584. From 3·10⁶ on a phantom of 10⁶ spins takes longer. */
v8.setFlagsFromString('--interrupt-budget=300000');
