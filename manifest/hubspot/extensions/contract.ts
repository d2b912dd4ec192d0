/** What the server answers. A project that is rendered has a copy of that file here instead. */
export type * from '../../../src/contracts/record-card.ts'
