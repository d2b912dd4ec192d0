/** What one has to know beside a figure: that it is old, assumed, or that nothing is sent. */
import { Alert, Flex, Text } from '@hubspot/ui-extensions'
import type { CardNotice } from './contract.ts'

/** What weighs is an alert; the rest is said in a line, so that three of them do not push the figure away. */
export function Notices({ notices }: { readonly notices: readonly CardNotice[] }) {
  if (notices.length === 0) return null
  return (
    <Flex direction="column" gap="xs">
      {notices.map(({ kind, tone, text }) =>
        tone === 'info' ? (
          <Text key={kind} variant="microcopy">
            Note: {text}
          </Text>
        ) : (
          <Alert key={kind} title={tone === 'danger' ? 'Attention' : 'Please note'} variant={tone}>
            {text}
          </Alert>
        ),
      )}
    </Flex>
  )
}
