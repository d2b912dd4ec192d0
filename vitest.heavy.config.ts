import { defineConfig } from 'vitest/config'

/** Suites that need a browser, a registry or minutes: each has an npm script of its own. */
export default defineConfig({
  test: {
    include: ['test/heavy/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
})
