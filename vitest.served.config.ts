import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * The suites of what speaks to a database or a queue, once more on the servers that HOLDFAST_TEST_DATABASE_URL and
 * HOLDFAST_TEST_REDIS_URL name (.ci/services starts them).
 */
export default defineConfig({
  test: {
    include: [
      'test/{store,queue,loop,server,security,apart}/**/*.test.ts',
      'test/connectors/hubspot/reactions.test.ts',
      'test/hubspot/{webhooks,idle-night,shuffled-hints}.test.ts',
      'test/salesforce/{following,loop,sealed-sessions,two-orgs}.test.ts',
    ],
    pool: 'forks',
    // Much of it waits: for a process, a server, a lease to end.
    maxWorkers: availableParallelism(),
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
