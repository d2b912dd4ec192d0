import { describe, expect, it } from 'vitest'
import { taskOutcomes } from '../../../connectors/salesforce/task-outcomes.ts'
import { scripted } from './scripted.ts'

const row = (key: string, differs: object = {}) => ({
  Holdfast_Key__c: key,
  IsDeleted: false,
  IsClosed: false,
  Status: 'Not Started',
  CompletedDateTime: null,
  CallDisposition: null,
  ...differs,
})

const made = (key: string) => ({ key, externalId: null })

describe('what became of tasks in Salesforce', () => {
  it('is what the org calls closed, with the result of the call; archived and deleted ones too', async () => {
    const at = '2026-11-23T14:00:00.000+0000'
    const { context, asked } = scripted(({ path }) =>
      path === '/queryAll'
        ? {
            body: {
              records: [
                row('open', { Status: 'Deferred' }),
                row('done', {
                  IsClosed: true,
                  Status: 'Erledigt',
                  CompletedDateTime: at,
                  CallDisposition: 'Connected',
                }),
                row('aside', { IsClosed: true, Status: 'Cancelled', CompletedDateTime: at }),
                row('deleted', { IsDeleted: true }),
                row('done and deleted', { IsDeleted: true, IsClosed: true, Status: 'Completed' }),
              ],
            },
          }
        : undefined,
    )
    const keys = ['open', 'done', 'aside', 'deleted', 'done and deleted', 'never made']
    expect(await taskOutcomes(context, [...keys, 'open'].map(made))).toEqual([
      { key: 'open', status: 'open', outcome: null, at: null },
      { key: 'done', status: 'done', outcome: 'Connected', at: new Date('2026-11-23T14:00:00Z') },
      { key: 'aside', status: 'cancelled', outcome: 'Cancelled', at: new Date('2026-11-23T14:00:00Z') },
      { key: 'deleted', status: 'cancelled', outcome: 'deleted', at: null },
      { key: 'done and deleted', status: 'done', outcome: null, at: null },
      { key: 'never made', status: 'missing', outcome: null, at: null },
    ])
    const queries = asked.filter(({ path }) => path === '/queryAll')
    expect(queries).toHaveLength(1)
    expect(queries[0].soql).toContain("'never made'")
  })

  it('goes by the names of the namespace', async () => {
    const { context, asked } = scripted(undefined, { namespace: 'hold' })
    await taskOutcomes(context, [made('k')])
    expect(asked.at(-1)?.soql).toContain('hold__Holdfast_Key__c')
  })
})
