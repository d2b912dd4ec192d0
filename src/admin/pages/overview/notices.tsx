/** What needs a look, each with what one can do about it here. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { OverviewAnswer } from '../../../server/api/overview-shapes.ts'
import { useSend } from '../../api/queries.ts'
import { pageHref, rowsHref } from '../../api/rows-href.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Notice } from '../../parts/notice.tsx'

type OverviewNotice = OverviewAnswer['notices'][number]

export function Notices({ notices }: { notices: readonly OverviewNotice[] }) {
  return notices.map((notice, at) => (
    <Notice
      key={`${at} ${notice.title}`}
      tone={notice.severity}
      title={notice.title}
      actions={notice.remedy === null ? undefined : <Remedy remedy={notice.remedy} />}
    >
      {notice.text}
    </Notice>
  ))
}

function Remedy({ remedy }: { remedy: NonNullable<OverviewNotice['remedy']> }) {
  const resume = useSend(() => ({ path: '/v1/resume', body: {} }), { done: 'What is due goes on' })
  switch (remedy.kind) {
    case 'resume':
      return (
        <Confirm label="Resume" confirm={() => resume.send(undefined)} busy={resume.busy}>
          What waits goes out as it comes due.
        </Confirm>
      )
    case 'activate':
      return <LinkButton href={pageHref('/app/setup')}>See what would be sent</LinkButton>
    case 'run':
      return (
        <>
          <TryAgain connection={remedy.connection} step={remedy.step} />
          <LinkButton href={pageHref(`/app/connections/${remedy.connection}`)}>
            Look at {remedy.name}
          </LinkButton>
        </>
      )
    case 'look':
      return <LinkButton href={placeOf(remedy.at)}>{remedy.label}</LinkButton>
  }
}

function TryAgain({ connection, step }: { connection: string; step: string }) {
  const run = useSend(() => ({ path: `/v1/connections/${connection}/run`, body: { step } }), {
    done: 'It is tried again now',
    changed: ['/v1/connections', '/v1/runs', '/v1/overview'],
  })
  return (
    <Button size="xs" loading={run.busy} onClick={() => run.send(undefined)}>
      Try again now
    </Button>
  )
}

type Place = Extract<OverviewNotice['remedy'], { kind: 'look' }>['at']

function placeOf(at: Place): string | undefined {
  switch (at.page) {
    case 'customer':
      return pageHref(`/app/customers/${at.id}`)
    case 'interventions':
      return rowsHref({ list: 'interventions', query: at.query })
    case 'sending':
      return pageHref('/app/sending')
  }
}

function LinkButton({ href, children }: { href: string | undefined; children: ReactNode }) {
  if (href === undefined) return null
  return (
    <Button component={Link} href={href} variant="default" size="xs">
      {children}
    </Button>
  )
}
