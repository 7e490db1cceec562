/**
 * The time limit itself: SLURM warns a job that is longer than its limit, and the job goes on after it. Slow because
 * SLURM counts limits in minutes.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { reportIn, submitTo } from './submit.ts';
import { skipWithoutSlurm, startTestbed } from './testbed.ts';

describe('time limit', { ...skipWithoutSlurm(), timeout: 20 * 60e3 }, () => {
  const { submit, alone } = submitTo(startTestbed());

  test('requeue.sh gets past it, to the bits of an undisturbed run', async () => {
    // Five minutes of one core (2 GHz), in f64, which steps through time however fast the other forms become; the warning
    // comes one to one and a half minutes after each start.
    const scan = ['epi', 'sphere', '--set', 'voxel=0.0005', '--precision', 'f64'];
    const options = ['--nodes=1', '--ntasks-per-node=1', '--cpus-per-task=1', '--time=2', '--signal=USR2@30'];
    const { code, log } = await submit('requeue.sh', options, [...scan, '--json']);
    assert.equal(code, 0, log);
    assert.match(log, /goes on from checkpoint-/);
    assert.equal(reportIn(log).signalHash, alone(scan).signalHash);
  });
});
