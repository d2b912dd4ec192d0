/** Sends a template as it stands to oneself or to somebody of the test list. */
import { Button, Group, Modal, Select } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import { useFrame } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { valueAt } from '../../form/draft.ts'
import { Failure } from '../../parts/loaded.tsx'
import { Notice } from '../../parts/notice.tsx'
import type { TestAnswer } from '../../../server/api/template-tests.ts'
import type { PreviewRequest } from './preview.tsx'

const MYSELF = ''

export function SendTest({
  request,
  disabled,
  settings,
}: {
  request: PreviewRequest
  disabled: boolean
  settings: unknown
}) {
  const [open, modal] = useDisclosure(false)
  const { sandbox } = useFrame()
  const isText = request.channel === 'sms'
  const list = valueAt(settings, ['delivery', isText ? 'testNumbers' : 'testList'])
  const known = Array.isArray(list) ? list.map(String) : []
  const places = [
    ...(isText ? [] : [{ value: MYSELF, label: 'Me' }]),
    ...known.map((one) => ({ value: one, label: one })),
  ]
  const [to, setTo] = useState<string | null>(null)
  const [became, setBecame] = useState<TestAnswer | null>(null)
  const chosen = to ?? places[0]?.value ?? null
  const test = useSend<string, TestAnswer>(
    (address) => ({
      path: '/v1/templates/test',
      body: { request, to: address === MYSELF ? null : address },
    }),
    { quiet: true, changed: ['/v1/audit'], after: setBecame },
  )
  const start = (): void => {
    setBecame(null)
    test.reset()
    modal.open()
  }
  const inbox = isText ? (sandbox.texts ? '/texts' : null) : sandbox.inbox ? '/inbox' : null
  return (
    <>
      <Button variant="default" onClick={start} disabled={disabled}>
        Send a test
      </Button>
      <Modal
        opened={open}
        onClose={modal.close}
        title="Send a test"
        centered
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {places.length === 0 ? (
          <p>
            There is no number to send it to. Put yours into the test list in{' '}
            <a href="/app/settings?field=delivery.testNumbers">the settings</a>.
          </p>
        ) : (
          <Select
            label="To"
            description="Nobody but yourself and the test list of the settings is ever sent a test."
            data={places}
            value={chosen}
            onChange={setTo}
            allowDeselect={false}
          />
        )}
        <div aria-live="polite">
          {test.error !== null && (
            <Failure error={test.error} retry={() => chosen !== null && test.send(chosen)} />
          )}
          {became !== null && (
            <Notice
              tone={became.outcome === 'sent' ? 'info' : 'bad'}
              title={
                became.outcome === 'sent'
                  ? became.through === 'sandbox'
                    ? 'It lies in the sandbox inbox'
                    : `It was sent to ${became.to}`
                  : became.outcome === 'rejected'
                    ? 'It was refused'
                    : 'Whether it arrived is not certain'
              }
            >
              {became.message ??
                (became.through === 'sandbox'
                  ? 'With this delivery mode nothing leaves Holdfast.'
                  : 'It is marked as a test and counts nowhere.')}{' '}
              {became.through === 'sandbox' && inbox !== null && <a href={inbox}>Open the inbox</a>}
            </Notice>
          )}
        </div>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={modal.close}>
            {became === null ? 'Leave it' : 'Close'}
          </Button>
          {chosen !== null && (
            <Button loading={test.busy} onClick={() => test.send(chosen)}>
              {became === null ? 'Send' : 'Send again'}
            </Button>
          )}
        </Group>
      </Modal>
    </>
  )
}
