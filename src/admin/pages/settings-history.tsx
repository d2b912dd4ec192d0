/** How the settings came to be what they are: who saved what when, what differs between two versions, the way back. */
import { Button } from '@mantine/core'
import { Link } from 'wouter'
import { useList, useRead } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { useWords } from '../api/frame.ts'
import { SETTINGS } from '../form/use-save-settings.ts'
import { Back } from '../parts/back.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Section } from '../parts/section.tsx'
import { When } from '../parts/when.tsx'
import type { VersionLine } from '../../server/api/settings-history.ts'
import type { SettingsAnswer } from '../../server/api/settings-shapes.ts'
import { VersionDiff } from './settings/version-diff.tsx'

export function SettingsHistoryPage() {
  const settings = useRead<SettingsAnswer>(SETTINGS)
  return <Loaded read={settings}>{({ version }) => <History current={version} />}</Loaded>
}

/** @param current version in force */
function History({ current }: { current: number }) {
  const words = useWords()
  const list = useList<VersionLine>('/v1/settings/versions?limit=20')
  const [filters] = useFilters()
  const from = numberIn(filters['from'])
  const to = numberIn(filters['to'])
  const columns: readonly Column<VersionLine>[] = [
    {
      key: 'version',
      title: 'Version',
      phone: 'first',
      width: '110px',
      cell: ({ version }) => (
        <>
          <span className="strong">{version}</span>
          {version === current && <span className="note"> in force</span>}
        </>
      ),
    },
    { key: 'at', title: 'Saved', phone: 'first', cell: ({ at }) => (at === null ? '' : <When at={at} />) },
    { key: 'who', title: 'By', cell: ({ who }) => who ?? '' },
    {
      key: 'summary',
      title: 'What changed',
      width: '50%',
      cell: ({ summary, note }) => (
        <>
          {note !== null && <span className="strong">{note.replace(/\.+$/, '')}. </span>}
          {summary}
        </>
      ),
    },
    {
      key: 'changes',
      title: 'Changed',
      figure: true,
      cell: ({ version, changes }) =>
        changes === 0 ? (
          'nothing'
        ) : (
          <Link href={withQuery('/app/settings/history', { from: version - 1, to: version })}>
            {words.many(changes, 'field')}
            <span className="unseen"> by version {version}</span>
          </Link>
        ),
    },
    {
      key: 'since',
      title: <span className="unseen">Since then</span>,
      cell: ({ version }) =>
        version === current ? (
          ''
        ) : (
          <Link href={withQuery('/app/settings/history', { from: version, to: current })}>
            Compare with now<span className="unseen">: version {version}</span>
          </Link>
        ),
    },
  ]
  return (
    <>
      <PageHead
        title={
          current === 0
            ? 'Nobody saved any settings yet'
            : `The settings were saved ${current === 1 ? 'once' : words.many(current, 'time')}`
        }
        above={<Back href="/app/settings">Settings</Back>}
        actions={
          current > 1 && from === null ? (
            <Button
              component={Link}
              href={withQuery('/app/settings/history', { from: current - 1, to: current })}
              variant="default"
            >
              Compare two versions
            </Button>
          ) : undefined
        }
      >
        Each save is a version that can be looked at, compared and gone back to.
      </PageHead>
      {from !== null && to !== null && (
        <VersionDiff key={`${from} ${to}`} from={from} to={to} current={current} />
      )}
      <Section title="Versions, the newest first">
        <ListTable
          caption="Versions of the settings, the newest first"
          columns={columns}
          list={list}
          id={({ version }) => version}
          empty={{
            title: 'All of it is as it ships',
            text: 'What you and others save will stand here, with who it was and what changed.',
            action: (
              <Button component={Link} href="/app/settings">
                Go to the settings
              </Button>
            ),
          }}
        />
      </Section>
    </>
  )
}

const numberIn = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null
