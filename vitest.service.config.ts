import { defineConfig } from 'vitest/config'

/** The server and its commands in processes of their own, as people start them: `npm run test:service`. */
export default defineConfig({
  test: {
    include: ['test/service/**/*.test.ts', 'test/apart/**/*.test.ts', 'test/queue/dead-letters.test.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // As declineTelemetry of src/config.ts: ONNX Runtime reports to its maker otherwise.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
