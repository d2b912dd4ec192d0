import { defineConfig } from 'vitest/config'

/** The server and its commands in processes of their own, as people start them: `npm run test:service`. */
export default defineConfig({
  test: {
    include: ['test/service/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
