/** Sending: whether anything goes out, what would today, what is paused and why, the budget, and the switch that stops all. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Standing } from '../../server/api/control.ts'
import { useMay, useWords } from '../api/frame.ts'
import { useRead } from '../api/queries.ts'
import { Loaded } from '../parts/loaded.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Activation } from './sending/activation.tsx'
import { BudgetPart } from './sending/budget.tsx'
import { DELIVERY } from './sending/delivery.ts'
import { Killed, KillSwitch } from './sending/kill-switch.tsx'
import { OfferPools } from './sending/offer-pools.tsx'
import { PauseAll, Paused } from './sending/pause-all.tsx'
import { Parts } from './sending/parts.tsx'
import { usePreview, PreviewPart } from './sending/preview.tsx'

export function SendingPage() {
  const read = useRead<Standing>('/v1/standing')
  return <Loaded read={read}>{(standing) => <Sending standing={standing} />}</Loaded>
}

function Sending({ standing }: { standing: Standing }) {
  const may = useMay('operator')
  const preview = usePreview()
  const [whole, setWhole] = useState(false)
  const look = (all: boolean) => {
    setWhole(all)
    preview.look(all ? 'whole' : 'today')
  }
  const stopped = standing.killSwitch !== null || standing.status === 'paused'
  return (
    <>
      <Head standing={standing}>
        {may && (standing.activatedAt !== null || preview.answer !== null) && (
          <Button onClick={() => look(false)} loading={preview.busy && !whole}>
            {preview.answer === null ? 'See what would be sent today' : 'Look again'}
          </Button>
        )}
        {may && !stopped && <PauseAll />}
      </Head>
      <Killed standing={standing} />
      <Paused standing={standing} />
      {standing.activatedAt === null && <Activation preview={preview} look={() => look(false)} />}
      <PreviewPart preview={preview} activated={standing.activatedAt !== null} look={look} />
      <Parts standing={standing} />
      <BudgetPart simulated={standing.delivery === 'sandbox'} />
      <OfferPools />
      {standing.killSwitch === null && <KillSwitch />}
    </>
  )
}

function Head({ standing, children }: { standing: Standing; children: React.ReactNode }) {
  const words = useWords()
  const { killSwitch, status, pauses, activatedAt, delivery, installationPaused } = standing
  const title =
    killSwitch !== null
      ? 'All actions are stopped'
      : status === 'paused' || installationPaused !== null
        ? 'Everything is paused'
        : activatedAt === null
          ? 'Nothing is sent yet'
          : DELIVERY[delivery].title
  return (
    <PageHead title={title} actions={children}>
      {killSwitch !== null || status === 'paused' || installationPaused !== null
        ? 'Customers are scored and shown as before.'
        : activatedAt === null
          ? 'Customers are scored and shown; actions were never turned on. Look at what would be sent before you do.'
          : DELIVERY[delivery].about}
      {pauses.length > 0 &&
        ` ${words.many(pauses.length, 'action or channel is', 'actions and channels are')} paused.`}
    </PageHead>
  )
}
