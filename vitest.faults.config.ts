import { defineConfig } from 'vitest/config'

/**
 * Workers that are killed and frozen, mail servers that break, disks that fill and clocks that jump: minutes rather
 * than seconds, and figures beside each test. On PostgreSQL where HOLDFAST_TEST_DATABASE_URL names one.
 */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.faults.ts'],
    pool: 'forks',
    // They freeze and kill by the clock: beside one another they would only disturb one another.
    fileParallelism: false,
    reporters: ['verbose'],
    testTimeout: 400_000,
    hookTimeout: 60_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
