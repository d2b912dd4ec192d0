import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * What people rely on when actions run by themselves, at the size at which it shows: a million random customers, every
 * time zone, thousands of opt-outs, many workers that are killed. Minutes rather than seconds, figures beside each test.
 */
export default defineConfig({
  test: {
    include: ['test/trust/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: availableParallelism(),
    reporters: ['verbose'],
    testTimeout: 400_000,
    hookTimeout: 60_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
