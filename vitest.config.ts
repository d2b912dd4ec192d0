import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/heavy/**'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // As declineTelemetry of src/config.ts: ONNX Runtime reports to its maker otherwise.
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
})
