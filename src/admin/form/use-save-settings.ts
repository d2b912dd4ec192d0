/** Saves changes of the settings that were looked at, and meets what somebody else saved meanwhile. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { notifications } from '@mantine/notifications'
import { useSend } from '../api/queries.ts'
import { ask, Refusal } from '../api/request.ts'
import type { SavedAnswer } from '../../server/api/settings.ts'
import type { SettingsAnswer } from '../../server/api/settings-shapes.ts'
import type { Change } from '../../settings/changes.ts'
import { patchOf } from './draft.ts'

export const SETTINGS = '/v1/settings'

type Changes = readonly Pick<Change, 'steps' | 'after'>[]

/** What somebody else saved. */
export interface Meanwhile {
  readonly newest: SettingsAnswer
  readonly saves: readonly { readonly version: number; readonly at: string; readonly who: string }[]
}

export interface SaveSettings {
  save(version: number, changes: Changes): void
  readonly busy: boolean
  /** What the server said is wrong, by path. */
  readonly problems: ReadonlyMap<string, string>
  /** What is wrong and is of no field. */
  readonly refused: string | null
  /** Takes back what was said of a field, since it was changed. */
  mended(path: string): void
  readonly meanwhile: Meanwhile | null
  leaveMeanwhile(): void
}

/** @param then once it is saved */
export function useSaveSettings(then: (saved: SavedAnswer) => void): SaveSettings {
  const client = useQueryClient()
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map())
  const [refused, setRefused] = useState<string | null>(null)
  const [meanwhile, setMeanwhile] = useState<Meanwhile | null>(null)
  const { send, busy } = useSend<{ version: number; changes: Changes }, SavedAnswer>(
    ({ version, changes }) => ({
      path: SETTINGS,
      method: 'PATCH',
      body: patchOf(changes),
      headers: { 'If-Match': `"${version}"` },
    }),
    {
      quiet: true,
      done: ({ version }) => `Saved as version ${version}`,
      // What answers otherwise now is asked anew beside it: nobody waits for that to go on.
      changed: [],
      after: (saved) => {
        client.setQueryData([SETTINGS], saved)
        void client.invalidateQueries({ predicate: ({ queryKey: [path] }) => path !== SETTINGS })
        setProblems(new Map())
        setRefused(null)
        setMeanwhile(null)
        then(saved)
      },
      failed: (error) => void failed(error),
    },
  )
  async function failed(error: Error): Promise<void> {
    const problem = error instanceof Refusal ? error.problem : null
    const { conflict, fields } = problem ?? {}
    setProblems(new Map(fields?.map(({ path, message }) => [path, message])))
    if (conflict !== undefined) {
      setRefused(null)
      try {
        const newest = await ask<SettingsAnswer>(SETTINGS)
        client.setQueryData([SETTINGS], newest)
        setMeanwhile({ newest, saves: conflict.saves })
        return
      } catch (cause) {
        setRefused(cause instanceof Error ? cause.message : String(cause))
        return
      }
    }
    const whole = fields?.find(({ path }) => path === '')?.message
    setRefused(fields === undefined ? error.message : (whole ?? null))
    if (fields !== undefined)
      notifications.show({
        title: 'Nothing is saved yet',
        message:
          fields.length === 1
            ? 'One field has to be corrected.'
            : `${fields.length} fields have to be corrected.`,
        color: 'red',
      })
  }
  return {
    save: (version, changes) => send({ version, changes }),
    busy,
    problems,
    refused,
    mended: (path) =>
      setProblems((now) => new Map([...now].filter(([one]) => one !== path && !one.startsWith(`${path}.`)))),
    meanwhile,
    leaveMeanwhile: () => setMeanwhile(null),
  }
}
