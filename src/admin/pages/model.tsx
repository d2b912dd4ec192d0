/** One model: how good it is, what it looks at, where it is in charge, and all versions; two of them side by side. */
import { Button, Select } from '@mantine/core'
import { Link } from 'wouter'
import { useMay } from '../api/frame.ts'
import { useRead } from '../api/queries.ts'
import { useFilters } from '../api/query-string.ts'
import { Empty } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { BlockPending, RowsPending } from '../parts/pending.tsx'
import { Section } from '../parts/section.tsx'
import { modelName, timesIn100, type ModelLine } from '../words/models.ts'
import type { EvaluationAnswer, ModelAnswer, ModelListAnswer } from '../../server/api/model-shapes.ts'
import { Card } from './model/card.tsx'
import { Comparison } from './model/comparison.tsx'
import { Gates } from './model/gates.tsx'
import { Importance } from './model/importance.tsx'
import { Measured } from './model/measured.tsx'
import { Versions } from './model/versions.tsx'

export function ModelPage() {
  const models = useRead<ModelListAnswer>('/v1/models')
  const [{ model: wanted, with: other }] = useFilters()
  return (
    <Loaded read={models}>
      {({ items }) => {
        const line = wanted === undefined ? items[0] : items.find(({ hash }) => hash === wanted)
        if (line === undefined) return <Unknown />
        const second = items.find(({ hash }) => hash === other && hash !== line.hash)
        return (
          <>
            <Head line={line} models={items} />
            {second !== undefined && <Comparison first={line} second={second} />}
            <One key={line.hash} line={line} />
            <Versions models={items} shown={line.hash} />
          </>
        )
      }}
    </Loaded>
  )
}

function Unknown() {
  return (
    <Empty
      title="This model is not kept any more"
      action={
        <Button component={Link} href="/app/model">
          Show the model in charge
        </Button>
      }
    >
      Models that were never in charge make room for newer ones after a while.
    </Empty>
  )
}

function Head({ line, models }: { line: ModelLine; models: readonly ModelLine[] }) {
  const [, setFilters] = useFilters()
  const may = useMay('admin')
  return (
    <PageHead
      title={
        line.auc === null
          ? 'How well this model ranks your customers was never measured'
          : `Of one who left and one who stayed, this model puts the right one higher ${timesIn100(line.auc.value)}`
      }
      above={
        <Select
          size="xs"
          w={280}
          aria-label="Model"
          allowDeselect={false}
          value={line.hash}
          onChange={(model) => setFilters({ model, with: null })}
          data={models.map((one) => ({
            value: one.hash,
            label: `${modelName(one)}${one.serves.length > 0 ? ', in charge' : ''}`,
          }))}
        />
      }
      actions={
        may && (
          <Button component={Link} href="/app/training" variant="default">
            Train a model
          </Button>
        )
      }
    >
      {line.trainedOn} Its scores mean {line.meaning}.
    </PageHead>
  )
}

function One({ line }: { line: ModelLine }) {
  const model = useRead<ModelAnswer>(`/v1/models/${line.hash}`)
  const evaluation = useRead<EvaluationAnswer>(`/v1/models/${line.hash}/evaluation`)
  return (
    <>
      <Loaded read={evaluation} pending={<BlockPending height={320} />}>
        {(found) => (
          <>
            {!found.ownData && (
              <Notice
                tone={found.measured ? 'info' : 'wait'}
                title={found.measured ? 'Not measured on your customers' : 'There are no figures to show'}
              >
                {found.note}
              </Notice>
            )}
            {found.evaluation !== null && (
              <Measured evaluation={found.evaluation} note={found.ownData ? found.note : null} />
            )}
            <Importance importance={found.importance} measured={found.measured} />
          </>
        )}
      </Loaded>
      <Loaded read={model} pending={<RowsPending rows={5} />}>
        {(found) => (
          <>
            <Section title="Where it is in charge">
              <Gates model={found} />
            </Section>
            <Card model={found} />
          </>
        )}
      </Loaded>
    </>
  )
}
