import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * The Salesforce connector under load and under fire: tens of thousands of records, many seeds, workers that are killed.
 * Minutes rather than seconds, and figures beside each test.
 */
export default defineConfig({
  test: {
    include: ['test/salesforce/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: availableParallelism(),
    reporters: ['verbose'],
    testTimeout: 400_000,
    hookTimeout: 60_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
