/**
 * Whether these suites run at their whole size: a million customers, ten thousand opt-outs. Minutes longer, so it is
 * asked for: `HOLDFAST_TEST_TRUST=full npm run test:trust`.
 */
export const FULL = process.env['HOLDFAST_TEST_TRUST'] === 'full'
