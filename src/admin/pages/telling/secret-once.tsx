/** A secret that is shown this once. */
import { Button, Code, CopyButton } from '@mantine/core'
import { Notice } from '../../parts/notice.tsx'

export function SecretOnce({ secret, forget }: { secret: string | null; forget: () => void }) {
  if (secret === null) return null
  return (
    <Notice
      tone="info"
      title="Copy the secret now: it is shown this once"
      actions={
        <>
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button size="xs" onClick={copy}>
                {copied ? 'Copied' : 'Copy it'}
              </Button>
            )}
          </CopyButton>
          <Button size="xs" variant="default" onClick={forget}>
            I have it
          </Button>
        </>
      }
    >
      <Code style={{ overflowWrap: 'anywhere' }}>{secret}</Code>
      <p>Whoever receives the messages verifies the header webhook-signature with it.</p>
    </Notice>
  )
}
