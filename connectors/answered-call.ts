/** What came of a call of a workflow or an agent, for a CRM that waits for it. */
export interface AnsweredCall {
  /** The CRM's id of the call. */
  readonly callback: string
  readonly action: 'score' | 'decide' | 'intervene'
  /** By name; null is unknown. */
  readonly outputs: { readonly status: string; readonly sentence: string } & Readonly<
    Record<string, string | number | null>
  >
}
