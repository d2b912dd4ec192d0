/** What a key may do, in words. */
import type { ApiKeyAnswer } from '../../../server/api/api-keys.ts'

export type Scope = ApiKeyAnswer['scopes'][number]

export const SCOPES: Readonly<Record<Scope, { readonly word: string; readonly may: string }>> = {
  score: { word: 'Ask for scores', may: 'Sends a customer’s features, gets the risk and its reasons.' },
  read: { word: 'Read', may: 'Customers, decisions, actions, runs. It sees people in full.' },
  write: { word: 'Answer and act', may: 'Approves, rejects, snoozes, holds, pauses.' },
  export: { word: 'Take whole tables', may: 'Everything that is known, as files.' },
  admin: { word: 'Administer', may: 'Settings, connections, erasing people.' },
  metrics: {
    word: 'Read metrics',
    may: 'Figures of the whole installation. The command line alone gives it.',
  },
  crm: {
    word: 'Speak for people in Salesforce',
    may: 'Of one org, for its package. The page of the connection makes it.',
  },
}

/** What can be given here. */
export const GIVEN = ['score', 'read', 'write', 'export', 'admin'] as const satisfies readonly Scope[]
