import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** What takes half a minute and more: processes one after the other, disks that fill, thousands of customers. */
export const ofTheService = [
  'test/service/**/*.test.ts',
  'test/apart/**/*.test.ts',
  'test/cli/{bad-files,odd-files,places,round-trip}.test.ts',
  'test/connectors/csv/dialects.test.ts',
  'test/loop/{act-clock,act-races,decide-many,observe}.test.ts',
  'test/models/policy/learner.test.ts',
  'test/queue/{after-commit,backend,clock,dead-letters}.test.ts',
  'test/server/{access,operation,other-company}.test.ts',
  'test/store/{backup,backup-of-earlier,backup-own-actions,pacing}.test.ts',
]

/** The server and its commands in processes of their own, as people start them: `npm run test:service`. */
export default defineConfig({
  test: {
    include: ofTheService,
    pool: 'forks',
    // Much of it waits: for a process, a server, a lease to end.
    maxWorkers: availableParallelism(),
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // As declineTelemetry of src/config.ts: ONNX Runtime reports to its maker otherwise.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
