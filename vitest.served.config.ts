import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * The suites of what speaks to a database or a queue, once more on the servers that HOLDFAST_TEST_DATABASE_URL and
 * HOLDFAST_TEST_REDIS_URL name (.ci/services starts them).
 */
export default defineConfig({
  test: {
    include: [
      'test/{store,queue,loop,server,security,apart,training}/**/*.test.ts',
      'test/connectors/hubspot/reactions.test.ts',
      'test/hubspot/{webhooks,idle-night,shuffled-hints}.test.ts',
      'test/salesforce/{following,loop,sealed-sessions,two-orgs}.test.ts',
    ],
    exclude: [
      // What asks the database for next to nothing, and the processor for much.
      'test/security/password.test.ts',
      'test/server/{password,service}-sign-in.test.ts',
      'test/training/{apart,look}.test.ts',
      // What opens an embedded database, whatever is named.
      'test/store/{backup-of-earlier,lock,session}.test.ts',
      // What asks no database and no queue for anything.
      'test/loop/{act-recipient,action-words,book-levels,call-places,customers-of,decide,decide-frequencies,decision-trace,delivery,engine,engines,feedback-path,guard,ids-and-places,intervention-id,masks-hold,moment-words,needed-properties,offer-files,outcome,promotion,quiet-hours,risk-fields,set-up-state,stop-test,suggest,task-lists,what-if}.test.ts',
      'test/queue/{dispatcher,in-flight}.test.ts',
      'test/security/{address-hash,mail-token,masking,outgoing,outgoing-fetch,signed-link}.test.ts',
      'test/server/{html,openapi-valid,style}.test.ts',
      'test/server/api/{confidence,timeline-words}.test.ts',
      'test/server/words/**',
      'test/store/{database-error,schedule}.test.ts',
      'test/training/tar.test.ts',
    ],
    pool: 'forks',
    // Nothing here is mocked: what one file has loaded, the next one need not load again.
    isolate: false,
    // Much of it waits: for a process, a server, a lease to end.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
