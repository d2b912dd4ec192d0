import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { ofTheService } from './vitest.service.config.ts'

export default defineConfig({
  test: {
    include: [
      'test/**/*.test.ts',
      'manifest/hubspot/extensions/test/*.test.tsx',
      'manifest/salesforce/lwc/test/*.test.ts',
    ],
    exclude: [
      ...['heavy', 'hubspot', 'salesforce', 'trust'].map((suite) => `test/${suite}/**`),
      ...ofTheService,
    ],
    pool: 'forks',
    // Half of what a test of the service does is waiting: for a process, a mail, a lease to end.
    maxWorkers: availableParallelism() + 2,
    // One process a worker: the embedded database is compiled once in it and not once a file. Nothing here is mocked.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // As declineTelemetry of src/config.ts: ONNX Runtime reports to its maker otherwise.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
