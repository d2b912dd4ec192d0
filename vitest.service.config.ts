import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * What takes longest: processes one after the other, disks that fill, thousands of customers. Without it `npm test` ends
 * within five minutes on two slow cores.
 */
export const ofTheService = [
  'test/service/**/*.test.ts',
  'test/security/{fuzz,password,vault-rotation}.test.ts',
  'test/apart/**/*.test.ts',
  'test/cli/{bad-files,bad-input,odd-files,places,plan,round-trip}.test.ts',
  'test/connectors/csv/{dialects,profile}.test.ts',
  'test/loop/{act-clock,act-races,conditions,decide-book,decide-many,observe,offer-money,preview-book,score-book,stop-watch,sync,sync-crm,telling}.test.ts',
  'test/loop/write-{activities,back,consents,interventions}.test.ts',
  'test/models/churn/fit.test.ts',
  'test/models/onnx/{bundle,serve}.test.ts',
  'test/models/policy/{costs,learner}.test.ts',
  'test/queue/{after-commit,backend,clock,dead-letters,service}.test.ts',
  'test/server/{access,openapi-valid,operation,other-company,password-sign-in,service-sign-in}.test.ts',
  'test/training/{apart,training}.test.ts',
  'test/server/api/{exports,funnel,settings-fuzz}.test.ts',
  'test/settings/{changes,form,read-somewhere}.test.ts',
  'test/store/{people/erasure,reads/customer-filter}.test.ts',
  'test/store/{backup,backup-of-earlier,backup-own-actions,pacing}.test.ts',
]

/** The server and its commands in processes of their own, as people start them: `npm run test:service`. */
export default defineConfig({
  test: {
    include: ofTheService,
    pool: 'forks',
    // Much of it waits: for a process, a server, a lease to end.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // As declineTelemetry of src/config.ts: ONNX Runtime reports to its maker otherwise.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
