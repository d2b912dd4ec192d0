import { hubspot } from '@hubspot/ui-extensions'
import { ScoreMany } from './score-many-panel.tsx'

hubspot.extend<'crm.bulkActions'>(({ context }) => <ScoreMany crm={context.crm} />)
