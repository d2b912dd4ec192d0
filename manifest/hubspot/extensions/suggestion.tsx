/** What is suggested, what it is worth, and why not something else. */
import { Accordion, DescriptionList, DescriptionListItem, Flex, Heading, Text } from '@hubspot/ui-extensions'
import type { CardMessage, CardSuggestion } from './contract.ts'

export function Suggestion({
  suggestion,
  full,
}: {
  readonly suggestion: CardSuggestion
  /** With every sentence in view. */
  readonly full: boolean
}) {
  const { title, sentences, worth, cost, standing, message } = suggestion
  const [first, ...others] = sentences
  const shown = full ? sentences : first === undefined ? [] : [first]
  return (
    <Flex direction="column" gap="xs">
      <Heading>{`Suggested: ${title}`}</Heading>
      {shown.map((sentence) => (
        <Text key={sentence}>{sentence}</Text>
      ))}
      {worth === null && cost === null ? null : (
        <DescriptionList direction="row">
          {worth === null ? null : (
            <DescriptionListItem label="Worth">
              <Text>{worth}</Text>
            </DescriptionListItem>
          )}
          {cost === null ? null : (
            <DescriptionListItem label="Costs">
              <Text>{cost}</Text>
            </DescriptionListItem>
          )}
        </DescriptionList>
      )}
      <Text format={{ fontWeight: 'demibold' }}>{standing}</Text>
      {full || others.length === 0 ? null : (
        <Accordion title="Why this one, and why not the others" size="xs">
          {others.map((sentence) => (
            <Text key={sentence}>{sentence}</Text>
          ))}
        </Accordion>
      )}
      {message === null ? null : (
        <Accordion title={message.to === 'customer' ? 'What it would say' : 'What the task says'} size="xs">
          <Message message={message} />
        </Accordion>
      )}
    </Flex>
  )
}

export function Message({ message }: { readonly message: CardMessage }) {
  return (
    <Flex direction="column" gap="xs">
      {message.subject === null ? null : (
        <Text format={{ fontWeight: 'demibold' }}>{`Subject: ${message.subject}`}</Text>
      )}
      {message.text
        .split('\n')
        .filter((part) => part.trim() !== '')
        .map((part, place) => (
          // Lines of one message: they have no name but their place.
          <Text key={`${place} ${part.slice(0, 20)}`}>{part}</Text>
        ))}
    </Flex>
  )
}
