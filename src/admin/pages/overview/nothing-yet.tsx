/** Before anybody is scored: what will be here, and what it waits for. */
import { Button } from '@mantine/core'
import { Link } from 'wouter'
import type { OverviewAnswer } from '../../../server/api/overview-shapes.ts'
import { useMay } from '../../api/frame.ts'
import { pageHref } from '../../api/rows-href.ts'
import { PageHead } from '../../parts/page-head.tsx'
import { Freshness } from './freshness.tsx'
import { Notices } from './notices.tsx'

export function NothingYet({ overview: { connections, notices } }: { overview: OverviewAnswer }) {
  const admin = useMay('admin')
  const setUp = pageHref('/app/setup')
  const reading = connections.some(({ running }) => running !== null)
  if (connections.length > 0)
    return (
      <>
        <PageHead
          above={<Freshness connections={connections} />}
          title={reading ? 'Your customers are being read and scored' : 'Nobody is scored yet'}
        >
          {reading
            ? 'What is at risk, whom to care for first and what is worth doing stands here as soon as the first are scored. This page follows by itself.'
            : 'What is at risk, whom to care for first and what is worth doing stands here once customers are scored.'}
        </PageHead>
        <Notices notices={notices} />
      </>
    )
  return (
    <>
      <PageHead
        title="Nothing is connected yet"
        actions={
          admin && setUp !== undefined ? (
            <Button component={Link} href={setUp}>
              Connect your customers
            </Button>
          ) : undefined
        }
      >
        {admin
          ? 'Connect a CRM or a file. Then here stands what is at risk, whom to care for first, and what is worth doing. Nothing is sent before you turn it on.'
          : 'Once an admin connects a CRM or a file, here stands what is at risk, whom to care for first, and what is worth doing.'}
      </PageHead>
      <Notices notices={notices} />
    </>
  )
}
