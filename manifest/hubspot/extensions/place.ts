/** Where Holdfast answers. Written anew for each project that is rendered; as it stands here it serves tests. */
import { APP_PATHS } from '../../../connectors/hubspot/app.ts'

/** Without a slash at its end. */
export const PUBLIC_URL = 'https://holdfast.example.com'

export const PATHS = APP_PATHS
