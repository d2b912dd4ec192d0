/** What differs between two versions, and the way back to the earlier one. */
import { Button, Group, NumberInput } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useMay } from '../../api/frame.ts'
import { useRead, useSend } from '../../api/queries.ts'
import { useFilters } from '../../api/query-string.ts'
import { ChangeList } from '../../form/change-list.tsx'
import { SETTINGS } from '../../form/use-save-settings.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Failure, Loaded } from '../../parts/loaded.tsx'
import { Notice } from '../../parts/notice.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import type { DiffAnswer, VersionAnswer } from '../../../server/api/settings-history.ts'
import type { SavedAnswer } from '../../../server/api/settings.ts'
import style from './settings.module.css'

export function VersionDiff({ from, to, current }: { from: number; to: number; current: number }) {
  const [, setFilters] = useFilters()
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => place.current?.focus(), [])
  const diff = useRead<DiffAnswer>(`/v1/settings/diff?from=${from}&to=${to}`)
  const choose = (name: 'from' | 'to') => (typed: string | number) => {
    if (typeof typed === 'number' && typed >= 0 && typed <= current)
      setFilters({ [name]: String(typed) }, { replace: true })
  }
  return (
    <div ref={place} tabIndex={-1} className={style.diff}>
      <Section
        title={`From ${nameOf(from)} to ${nameOf(to)}`}
        aside={
          <Button
            className="flush"
            variant="subtle"
            size="compact-sm"
            onClick={() => setFilters({ from: null, to: null })}
          >
            Close
          </Button>
        }
      >
        <Group gap="sm" mb="sm" align="flex-end">
          <NumberInput
            label="From version"
            w={120}
            min={0}
            max={current}
            value={from}
            onChange={choose('from')}
          />
          <NumberInput label="To version" w={120} min={0} max={current} value={to} onChange={choose('to')} />
        </Group>
        <Loaded read={diff} pending={<RowsPending rows={4} />}>
          {(answer) => (
            <>
              <p className="note">
                <SavedBy side={answer.from} /> <SavedBy side={answer.to} />
              </p>
              {answer.changes.length === 0 ? (
                <p>Nothing differs between the two.</p>
              ) : (
                <ChangeList
                  caption={`What differs between version ${from} and version ${to}`}
                  changes={answer.changes}
                />
              )}
            </>
          )}
        </Loaded>
        {from !== current && from > 0 && <WayBack version={from} current={current} />}
      </Section>
    </div>
  )
}

const nameOf = (version: number): string => (version === 0 ? 'how it ships' : `version ${version}`)

function SavedBy({ side: { version, at, who } }: { side: DiffAnswer['from'] }) {
  if (at === null) return 'Version 0 is how Holdfast ships.'
  return (
    <>
      Version {version}: {who}, <When at={at} />.
    </>
  )
}

function WayBack({ version, current }: { version: number; current: number }) {
  const mayChange = useMay('admin')
  const saved = useRead<VersionAnswer>(`/v1/settings/versions/${version}`)
  const since = useRead<DiffAnswer>(`/v1/settings/diff?from=${current}&to=${version}`)
  const [, setFilters] = useFilters()
  const back = useSend<null, SavedAnswer>(
    () => ({
      path: `/v1/settings/versions/${version}/restore`,
      method: 'POST',
      headers: { 'If-Match': `"${current}"` },
    }),
    {
      quiet: true,
      changed: ['/v1/', SETTINGS],
      done: (answer) => `Version ${version} holds again, as version ${answer.version}`,
      after: () => setFilters({ from: null, to: null }, { replace: true }),
    },
  )
  if (!mayChange) return <p className="note">Going back to a version takes an admin.</p>
  if (saved.data?.fits === false)
    return (
      <Notice tone="wait" title={`Version ${version} does not fit any more, so it cannot be gone back to`}>
        {saved.data.fields.map(({ path, message }) => (
          <div key={path}>
            {path}: {message}
          </div>
        ))}
      </Notice>
    )
  const changes = since.data?.changes ?? []
  return (
    <>
      {back.error !== null && <Failure error={back.error} retry={() => back.send(null)} />}
      <Group mt="sm">
        <Confirm
          label={`Go back to version ${version}`}
          busy={back.busy}
          disabled={saved.data === undefined || since.data === undefined || changes.length === 0}
          confirm={() => back.send(null)}
        >
          <p>
            {changes.length === 1 ? 'One field becomes' : `${changes.length} fields become`} what{' '}
            {changes.length === 1 ? 'it was' : 'they were'} in version {version}. That is saved as version{' '}
            {current + 1}; nothing of the history is lost.
          </p>
          <ChangeList caption="What changes" changes={changes} />
        </Confirm>
      </Group>
    </>
  )
}
