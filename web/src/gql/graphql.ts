/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How far an audit is, and what came of it. */
export type AuditStatus =
  /** Somebody has cancelled it. */
  | 'CANCELLED'
  /** Some figures are not what the log says; `differences` names them. */
  | 'DIFFERENT'
  /** It came to no verdict; `error` says why. */
  | 'FAILED'
  /** Every figure is what the log says. */
  | 'MATCHED'
  /** It waits for a worker. */
  | 'PENDING'
  /** The log is being replayed and compared. */
  | 'RUNNING';

/** Whole numbers between two bounds, both included. What is unknown lies in no bounds. */
export type BigIntRange = {
  /** The largest; open where absent. */
  max?: string | number | null | undefined;
  /** The smallest; open where absent. */
  min?: string | number | null | undefined;
};

/** What lines of a bill can be grouped by. */
export type BillDimension =
  /** The API key that requests were made with. */
  | 'API_KEY'
  /** The kind of usage, on either side of a request; GPU time. */
  | 'CATEGORY'
  /** The local day of the bill's time zone. */
  | 'DAY'
  /** The deployment or fine-tuning that GPUs were allocated to. */
  | 'DEPLOYMENT'
  /** The model: of requests, or that a deployment serves or a fine-tuning makes. */
  | 'MODEL'
  /** Who served the requests. */
  | 'PROVIDER'
  /** What is paid for. */
  | 'SERVICE';

/** The way in which a request was served. */
export type Channel =
  /** By a deployment of the account's own: paid by GPU time. */
  | 'DEPLOYMENT'
  /** Through the router: serverless, paid by token. */
  | 'ROUTER';

/** Exact amounts between two bounds, both included. What is unknown lies in no bounds. */
export type DecimalRange = {
  /** The largest; open where absent. */
  max?: string | null | undefined;
  /** The smallest; open where absent. */
  min?: string | null | undefined;
};

/** Which deployments count. They match every filter that is given. A list that is absent does not filter; an empty one selects nothing. */
export type DeploymentFilter = {
  /** Only those that serve or make these models. */
  models?: Array<string> | null | undefined;
  /** Only those with this in their name, in capitals or not. */
  nameContains?: string | null | undefined;
  /** Only those that have one of these statuses now, whatever the range. */
  statuses?: Array<DeploymentStatus> | null | undefined;
  /** Only those of these types. */
  types?: Array<DeploymentType> | null | undefined;
};

/** The order of the table of deployments. */
export type DeploymentOrder = {
  /** Which way. */
  direction?: Direction;
  /** What it is ordered by. */
  field: DeploymentOrderField;
};

/** What the table of deployments can be ordered by. Equals are ordered by key. */
export type DeploymentOrderField =
  /** When it was created. */
  | 'CREATED_AT'
  /** How long it ran in the range. */
  | 'DURATION'
  /** The fee, as far as it is known. */
  | 'FEE'
  /** The GPU hours that were allocated in the range. */
  | 'GPU_HOURS'
  /** The name, by the code points of its letters: capitals come first. */
  | 'NAME'
  /** The number of requests. */
  | 'REQUESTS'
  /** The number of tokens, in and out. */
  | 'TOKENS';

/** What a deployment does. */
export type DeploymentStatus =
  /** It has ended for good, and not as it should. */
  | 'FAILED'
  /** It exists, and has not run yet. */
  | 'PENDING'
  /** GPUs are allocated to it. */
  | 'RUNNING'
  /** It has no GPUs. It may start again. */
  | 'STOPPED'
  /** It has ended for good, as it should. */
  | 'SUCCEEDED';

/** What a deployment is for. */
export type DeploymentType =
  /** It serves requests. */
  | 'DEPLOYMENT'
  /** It makes a model, and is done then. */
  | 'FINE_TUNING';

/** Which way an order goes. What is unknown comes last, either way. */
export type Direction =
  /** Smallest, earliest or first by name at the top. */
  | 'ASC'
  /** Largest, latest or last by name at the top. */
  | 'DESC';

/** The format of an export's file. */
export type ExportFormat =
  /** Comma-separated text with a header, RFC 4180 in UTF-8: the usage alone, with all digits. */
  | 'CSV'
  /** A typed table for data tools: the usage, with the summary and the data dictionary as the file's metadata. */
  | 'PARQUET'
  /** An Excel workbook: a summary, the usage, and a data dictionary. */
  | 'XLSX';

/** Which router usage to export, and how. */
export type ExportRouterUsageInput = {
  /** Whose usage; the viewer's own account where absent. */
  accountId?: string | number | null | undefined;
  /** Which requests count. */
  filter?: RouterFilter | null | undefined;
  /** The format of the file. */
  format?: ExportFormat;
  /** What buckets are told apart by, beside time; empty for time alone. */
  groupBy?: Array<RouterDimension>;
  /** The width of a bucket, each a row of the file; null for the whole range as one. */
  interval?: Interval | null | undefined;
  /** The time that is exported, [from, to). */
  range: TimeRange;
  /** The time zone whose clock and calendar the buckets follow. */
  timeZone?: string;
};

/** How far an export is. */
export type ExportStatus =
  /** Somebody has cancelled it. */
  | 'CANCELLED'
  /** The file can be downloaded. */
  | 'COMPLETED'
  /** The file was there, and has been removed. */
  | 'EXPIRED'
  /** There will be no file; `error` says why. */
  | 'FAILED'
  /** It waits for a worker. */
  | 'PENDING'
  /** A worker writes the file. */
  | 'RUNNING';

/** Numbers between two bounds, both included. What is unknown lies in no bounds. */
export type FloatRange = {
  /** The largest; open where absent. */
  max?: number | null | undefined;
  /** The smallest; open where absent. */
  min?: number | null | undefined;
};

/** Which requests. They match every filter that is given. A list that is absent does not filter, an empty one selects nothing, and a null among the values selects what has none. */
export type HistoryFilter = {
  /** Ids of API keys. */
  apiKeys?: Array<string | number | null | undefined> | null | undefined;
  /** The way in which the request was served. */
  channel?: Channel | null | undefined;
  /** Deployments that served the request, by id or by key. */
  deployments?: Array<string | number | null | undefined> | null | undefined;
  /** A part of the error message, in any case. */
  errorContains?: string | null | undefined;
  /** Bounds of the fee, in the account's currency. */
  fee?: DecimalRange | null | undefined;
  /** Bounds of the time spent in the gateway, milliseconds. */
  gatewayLatency?: FloatRange | null | undefined;
  /** Whether to show voided requests, too. They count in no figure. */
  includeVoided?: boolean | null | undefined;
  /** Bounds of the tokens that went in. */
  inputTokens?: BigIntRange | null | undefined;
  /** Bounds of the whole response's time, milliseconds. */
  latency?: FloatRange | null | undefined;
  /** Only requests with such a line: those behind a factor. */
  line?: UsageLineInput | null | undefined;
  /** Versions of models. */
  modelVersions?: Array<string | null | undefined> | null | undefined;
  /** Models that were asked for. */
  models?: Array<string> | null | undefined;
  /** How the request ended. */
  outcomes?: Array<Outcome> | null | undefined;
  /** Bounds of the tokens that came out. */
  outputTokens?: BigIntRange | null | undefined;
  /** Who served the request. */
  providers?: Array<string | null | undefined> | null | undefined;
  /** The request id that its reporter gave. */
  requestId?: string | null | undefined;
  /** Kinds of request, such as "chat". */
  requestTypes?: Array<string | null | undefined> | null | undefined;
  /** HTTP status codes, from 100 to 599. */
  statusCodes?: Array<number | null | undefined> | null | undefined;
  /** Technologies, such as "LLM". */
  technologies?: Array<string | null | undefined> | null | undefined;
  /** Bounds of the time to the first token, milliseconds. */
  timeToFirstToken?: FloatRange | null | undefined;
  /** Bounds of the tokens, in and out. */
  tokens?: BigIntRange | null | undefined;
};

/** The order of requests. By anything but time, the range may have 31 days at most. */
export type HistoryOrder = {
  /** Which way. */
  direction?: Direction;
  /** What they are ordered by. */
  field?: HistoryOrderField;
};

/** What history can be ordered by. Equals are ordered by time, then by id. */
export type HistoryOrderField =
  /** The fee, as far as it is known. */
  | 'FEE'
  /** How long the whole response took. */
  | 'LATENCY'
  /** When the request happened. */
  | 'TIMESTAMP'
  /** How long the first token took. */
  | 'TIME_TO_FIRST_TOKEN'
  /** The number of tokens, in and out. */
  | 'TOTAL_TOKENS';

/** The width of a bucket. Days, weeks and months are those of the time zone. */
export type Interval =
  /** A local day, from its first instant: 23 to 25 hours. */
  | 'DAY'
  /** An hour of the time zone's clock; the two hours of a fall-back are distinct. */
  | 'HOUR'
  /** A calendar month. */
  | 'MONTH'
  /** Fifteen minutes. */
  | 'QUARTER_HOUR'
  /** An ISO week, from Monday. */
  | 'WEEK';

/** How a request ended. By status code; without one, an error message makes it UNKNOWN_ERROR. */
export type Outcome =
  /** A status code from 400 to 499. */
  | 'CLIENT_ERROR'
  /** A status code from 500 to 599. */
  | 'SERVER_ERROR'
  /** A status code below 400, or neither status code nor error message. */
  | 'SUCCESS'
  /** An error message without a status code. */
  | 'UNKNOWN_ERROR';

/** Which side of a request is priced. */
export type PriceDirection =
  /** What goes in. */
  | 'INPUT'
  /** What comes out. */
  | 'OUTPUT';

/** What buckets can be grouped by. */
export type RouterDimension =
  /** The API key that the request was made with. */
  | 'API_KEY'
  /** The model that was asked for. */
  | 'MODEL'
  /** Who served the request. */
  | 'PROVIDER';

/** Which requests count. A list that is absent does not filter; an empty one selects nothing. */
export type RouterFilter = {
  /** Only requests made with the API keys of these ids; a null selects requests without one. */
  apiKeys?: Array<string | number | null | undefined> | null | undefined;
  /** Only requests to these models. */
  models?: Array<string> | null | undefined;
  /** Only requests served by these providers; a null selects requests without one. */
  providers?: Array<string | null | undefined> | null | undefined;
};

/** The order of buckets. */
export type RouterOrder = {
  /** Which way. */
  direction?: Direction;
  /** What they are ordered by. */
  field: RouterOrderField;
};

/** What buckets can be ordered by. Equals are ordered by time, then by group. */
export type RouterOrderField =
  /** The mean latency of the requests that have one. */
  | 'AVERAGE_LATENCY'
  /** The number of requests that failed. */
  | 'ERROR_COUNT'
  /** The number of requests. */
  | 'REQUESTS'
  /** The start of the bucket. */
  | 'TIME'
  /** The fee, as far as it is known. */
  | 'TOTAL_FEE'
  /** The number of tokens, in and out. */
  | 'TOTAL_TOKENS';

/** What a token may do. */
export type Scope =
  /** See the bill and audits, correct and void requests. */
  | 'BILLING'
  /** Report usage. */
  | 'INGEST'
  /** For all accounts: set prices, rate again, rebuild, see the log itself. */
  | 'OPERATE'
  /** See usage, history, fees and exports. */
  | 'READ';

/** What is paid for. */
export type Service =
  /** GPUs allocated to deployments, paid by the hour. */
  | 'DEPLOYMENT'
  /** GPUs allocated to fine-tunings, paid by the hour. */
  | 'FINE_TUNING'
  /** Requests through the router, paid by what they use. */
  | 'ROUTER';

/** Which figures to prove. */
export type StartAuditInput = {
  /** Whose figures; those of the viewer's own account where absent. */
  accountId?: string | number | null | undefined;
  /** The time whose figures are audited, [from, to). */
  range: TimeRange;
  /** The place in the log that the digest is to be of, as an answer gave it; where the read models are where absent. Figures are compared as they are now, either way. */
  upTo?: string | null | undefined;
};

/** The half-open interval [from, to): what happens at `from` is in it, what happens at `to` is not. */
export type TimeRange = {
  /** Where it begins, 1970 or later. */
  from: string;
  /** Where it ends, up to the year 2200; after `from`. */
  to: string;
};

/** A line of the input or output breakdown, as a factor or a line of the bill has it. */
export type UsageLineInput = {
  /** The kind of usage, such as "prompt" or "cached". */
  category: string;
  /** Which side of a request it is of. */
  direction: PriceDirection;
  /** What is counted: "token", or another unit such as "image". */
  unit?: string;
};

export type AccountsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type AccountsQuery = { accounts: { nodes: Array<{ id: string, key: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ChosenAccountQueryVariables = Exact<{
  id: string | number;
}>;


export type ChosenAccountQuery = { account: { id: string, key: string } | null };

export type WhoQueryVariables = Exact<{ [key: string]: never; }>;


export type WhoQuery = { viewer: { tokenName: string, scopes: Array<Scope>, account: { id: string, key: string } | null } };

export type BillQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  previous: TimeRange;
  zone: string;
  groupBy: Array<BillDimension> | BillDimension;
}>;


export type BillQuery = { account: { id: string, bill: { total: string, currency: string, unpricedGpuHours: string, dataState: { unpricedRequests: string | number }, lines: Array<{ service: Service | null, model: string | null, provider: string | null, direction: PriceDirection | null, category: string | null, day: string | null, quantity: string | null, unit: string | null, fee: string, apiKey: { id: string, name: string } | null, deployment: { id: string, name: string } | null }> }, before: { total: string, lines: Array<{ service: Service | null, model: string | null, provider: string | null, direction: PriceDirection | null, category: string | null, day: string | null, quantity: string | null, unit: string | null, fee: string, apiKey: { id: string, name: string } | null, deployment: { id: string, name: string } | null }> } } | null };

export type BillLineFiguresFragment = { service: Service | null, model: string | null, provider: string | null, direction: PriceDirection | null, category: string | null, day: string | null, quantity: string | null, unit: string | null, fee: string, apiKey: { id: string, name: string } | null, deployment: { id: string, name: string } | null };

export type RouterUsageChangedSubscriptionVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  filter?: RouterFilter | null | undefined;
  every: number;
}>;


export type RouterUsageChangedSubscription = { routerUsageChanged: { dataState: { position: string } } };

export type GlanceFragment = { totalRequests: string | number, activeDeployments: number, fineTunings: number, deployments: { totalCount: string | number } };

export type DeploymentGlanceQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  filter?: DeploymentFilter | null | undefined;
}>;


export type DeploymentGlanceQuery = { account: { id: string, deploymentUsage: { totalRequests: string | number, activeDeployments: number, fineTunings: number, deployments: { totalCount: string | number } } } | null };

export type DeploymentFiguresQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  previous: TimeRange;
  filter?: DeploymentFilter | null | undefined;
}>;


export type DeploymentFiguresQuery = { account: { id: string, currency: string, deploymentUsage: { allocatedGpuHours: string, totalFee: string | null, utilization: number | null, idleGpuHours: string, unpricedGpuHours: string, totalRequests: string | number, activeDeployments: number, fineTunings: number, unknownGpus: { seconds: string | number, text: string }, dataState: { completeThrough: string }, deployments: { totalCount: string | number } }, before: { totalRequests: string | number, allocatedGpuHours: string, fineTunings: number } } | null };

export type DeploymentsOverTimeQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  filter?: DeploymentFilter | null | undefined;
  interval: Interval;
  zone: string;
}>;


export type DeploymentsOverTimeQuery = { account: { id: string, deploymentUsage: { series: Array<{ time: string, partial: boolean, requests: string | number, gpuHours: string }> } } | null };

export type DeploymentTableQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  filter?: DeploymentFilter | null | undefined;
  order: DeploymentOrder;
  first: number;
  after?: string | null | undefined;
}>;


export type DeploymentTableQuery = { account: { id: string, currency: string, deploymentUsage: { deployments: { totalCount: string | number, nodes: Array<{ name: string, type: DeploymentType, model: string | null, requests: string | number, tokens: string | number, gpuHours: string, utilization: number | null, fee: string | null, unpricedGpuHours: string, duration: { seconds: string | number, text: string }, deployment: { id: string, key: string, status: DeploymentStatus } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } } | null };

export type LivedFragment = { key: string, name: string, type: DeploymentType, model: string | null, status: DeploymentStatus, gpuType: string | null, gpus: string | null, allocatedGpus: string | null, createdAt: string | null, startedAt: string | null, stoppedAt: string | null, events: { nodes: Array<{ position: string, type: string, version: number, time: string, recordedAt: string, source: string, eventId: string, data: unknown }>, pageInfo: { hasNextPage: boolean } }, contradictions: { nodes: Array<{ source: string, eventId: string, time: string, type: string, reading: string }> } };

export type DeploymentDetailQueryVariables = Exact<{
  id: string | number;
}>;


export type DeploymentDetailQuery = { node:
    | { id: string }
    | { id: string }
    | { id: string, key: string, name: string, type: DeploymentType, model: string | null, status: DeploymentStatus, gpuType: string | null, gpus: string | null, allocatedGpus: string | null, createdAt: string | null, startedAt: string | null, stoppedAt: string | null, events: { nodes: Array<{ position: string, type: string, version: number, time: string, recordedAt: string, source: string, eventId: string, data: unknown }>, pageInfo: { hasNextPage: boolean } }, contradictions: { nodes: Array<{ source: string, eventId: string, time: string, type: string, reading: string }> } }
    | { id: string }
    | { id: string }
    | { id: string }
   | null };

export type ExportStateFragment = { id: string, status: ExportStatus, progress: number, rowCount: string | number | null, format: ExportFormat, fileName: string | null, error: string | null, createdAt: string, expiresAt: string | null };

export type FollowExportSubscriptionVariables = Exact<{
  id: string | number;
}>;


export type FollowExportSubscription = { exportUpdated: { id: string, status: ExportStatus, progress: number, rowCount: string | number | null, format: ExportFormat, fileName: string | null, error: string | null, createdAt: string, expiresAt: string | null } };

export type CancelExportMutationVariables = Exact<{
  id: string | number;
}>;


export type CancelExportMutation = { cancelExport: { errors: Array<{ message: string }> } };

export type ExportFileQueryVariables = Exact<{
  id: string | number;
}>;


export type ExportFileQuery = { export: { fileName: string | null, downloadUrl: string | null } | null };

export type ListedFragment = { id: string, timestamp: string, requestId: string, requestType: string | null, model: string, modelVersion: string | null, provider: string | null, technology: string | null, channel: Channel, inputTokens: string | number | null, outputTokens: string | number | null, totalTokens: string | number | null, timeToFirstToken: number | null, latency: number | null, gatewayLatency: number | null, statusCode: number | null, errorMessage: string | null, fee: string | null, voided: boolean, apiKey: { id: string, name: string } | null, deployment: { id: string, name: string } | null };

export type HistoryPageQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  filter?: HistoryFilter | null | undefined;
  order: HistoryOrder;
  first: number;
  after?: string | null | undefined;
}>;


export type HistoryPageQuery = { account: { id: string, currency: string, history: { nodes: Array<{ id: string, timestamp: string, requestId: string, requestType: string | null, model: string, modelVersion: string | null, provider: string | null, technology: string | null, channel: Channel, inputTokens: string | number | null, outputTokens: string | number | null, totalTokens: string | number | null, timeToFirstToken: number | null, latency: number | null, gatewayLatency: number | null, statusCode: number | null, errorMessage: string | null, fee: string | null, voided: boolean, apiKey: { id: string, name: string } | null, deployment: { id: string, name: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type HistoryCountQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  filter?: HistoryFilter | null | undefined;
}>;


export type HistoryCountQuery = { account: { id: string, history: { totalCount: string | number | null } } | null };

export type NewestRequestsQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  filter?: HistoryFilter | null | undefined;
  first: number;
}>;


export type NewestRequestsQuery = { account: { id: string, history: { nodes: Array<{ id: string }> } } | null };

export type FilterValuesQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
}>;


export type FilterValuesQuery = { account: { id: string, routerUsage: { models: { nodes: Array<{ model: string | null }> }, providers: { nodes: Array<{ provider: string | null }> }, apiKeys: { nodes: Array<{ apiKey: { id: string, name: string } | null }> } }, deploymentUsage: { deployments: { nodes: Array<{ name: string, deployment: { key: string } }> } } } | null };

export type RatedFragment = { source: string, eventId: string, version: number, serviceTier: string | null, reportedCost: string | null, id: string, timestamp: string, requestId: string, requestType: string | null, model: string, modelVersion: string | null, provider: string | null, technology: string | null, channel: Channel, inputTokens: string | number | null, outputTokens: string | number | null, totalTokens: string | number | null, timeToFirstToken: number | null, latency: number | null, gatewayLatency: number | null, statusCode: number | null, errorMessage: string | null, fee: string | null, voided: boolean, ratedLines: Array<{ direction: PriceDirection, category: string, label: string, quantity: string | number, unit: string, unitPrice: string | null, fee: string | null, price: { position: string, type: string, version: number, time: string, recordedAt: string, source: string, eventId: string, data: unknown } | null }>, events: Array<{ position: string, type: string, version: number, time: string, recordedAt: string, source: string, eventId: string, data: unknown }>, apiKey: { id: string, name: string } | null, deployment: { id: string, name: string } | null };

export type RequestDetailQueryVariables = Exact<{
  id: string | number;
  account?: string | number | null | undefined;
}>;


export type RequestDetailQuery = { account: { id: string, currency: string } | null, node:
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string }
    | { id: string, source: string, eventId: string, version: number, serviceTier: string | null, reportedCost: string | null, timestamp: string, requestId: string, requestType: string | null, model: string, modelVersion: string | null, provider: string | null, technology: string | null, channel: Channel, inputTokens: string | number | null, outputTokens: string | number | null, totalTokens: string | number | null, timeToFirstToken: number | null, latency: number | null, gatewayLatency: number | null, statusCode: number | null, errorMessage: string | null, fee: string | null, voided: boolean, ratedLines: Array<{ direction: PriceDirection, category: string, label: string, quantity: string | number, unit: string, unitPrice: string | null, fee: string | null, price: { position: string, type: string, version: number, time: string, recordedAt: string, source: string, eventId: string, data: unknown } | null }>, events: Array<{ position: string, type: string, version: number, time: string, recordedAt: string, source: string, eventId: string, data: unknown }>, apiKey: { id: string, name: string } | null, deployment: { id: string, name: string } | null }
   | null };

export type AuditStateFragment = { id: string, status: AuditStatus, progress: number, eventsReplayed: string | number, digest: string | null, differenceCount: string | number | null, error: string | null, createdAt: string, range: { from: string, to: string } };

export type AuditsQueryVariables = Exact<{
  account?: string | number | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type AuditsQuery = { account: { id: string, audits: { nodes: Array<{ id: string, status: AuditStatus, progress: number, eventsReplayed: string | number, digest: string | null, differenceCount: string | number | null, error: string | null, createdAt: string, range: { from: string, to: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type FollowAuditSubscriptionVariables = Exact<{
  id: string | number;
}>;


export type FollowAuditSubscription = { auditUpdated: { id: string, status: AuditStatus, progress: number, eventsReplayed: string | number, digest: string | null, differenceCount: string | number | null, error: string | null, createdAt: string, range: { from: string, to: string } } };

export type CancelAuditMutationVariables = Exact<{
  id: string | number;
}>;


export type CancelAuditMutation = { cancelAudit: { errors: Array<{ message: string }> } };

export type AuditFileQueryVariables = Exact<{
  id: string | number;
}>;


export type AuditFileQuery = { audit: { downloadUrl: string | null } | null };

export type ExportsQueryVariables = Exact<{
  account?: string | number | null | undefined;
  first: number;
  after?: string | null | undefined;
  contents: boolean;
}>;


export type ExportsQuery = { account: { id: string, exports: { nodes: Array<{ id: string, status: ExportStatus, progress: number, rowCount: string | number | null, format: ExportFormat, fileName: string | null, error: string | null, createdAt: string, expiresAt: string | null, contents?: { timeZone: string, interval: Interval | null, groupBy: Array<RouterDimension>, models: Array<string> | null, providers: Array<string | null> | null, apiKeys: Array<string | null> | null, range: { from: string, to: string } } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type StartAuditMutationVariables = Exact<{
  input: StartAuditInput;
}>;


export type StartAuditMutation = { startAudit: { errors: Array<{ message: string }> } };

export type KeyNamesQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  ids: Array<string | number | null | undefined> | string | number;
}>;


export type KeyNamesQuery = { account: { id: string, routerUsage: { buckets: { nodes: Array<{ apiKey: { id: string, name: string } | null }> } } } | null };

export type ProbeQueryVariables = Exact<{ [key: string]: never; }>;


export type ProbeQuery = { viewer: { tokenName: string } };

export type StartExportMutationVariables = Exact<{
  input: ExportRouterUsageInput;
}>;


export type StartExportMutation = { exportRouterUsage: { export: { id: string, status: ExportStatus, progress: number, rowCount: string | number | null, format: ExportFormat, fileName: string | null, error: string | null, createdAt: string, expiresAt: string | null } | null, errors: Array<{ message: string }> } };

export type RouterFiguresQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  previous: TimeRange;
  filter?: RouterFilter | null | undefined;
}>;


export type RouterFiguresQuery = { account: { id: string, currency: string, routerUsage: { totalRequests: string | number, totalTokens: string | number, usedModels: number, averageLatency: number | null, totalFee: string | null, dataState: { completeThrough: string, unpricedRequests: string | number, estimatedRequests: string | number } }, before: { totalRequests: string | number, totalTokens: string | number, usedModels: number, averageLatency: number | null, totalFee: string | null } } | null };

export type NamedFragment = { model: string | null, provider: string | null, apiKey: { id: string, name: string } | null };

export type MeasuredFragment = { time: string | null, partial: boolean, requests: string | number, totalTokens: string | number, totalFee: string | null, unpricedRequests: string | number };

export type RouterGroupsQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  filter?: RouterFilter | null | undefined;
  groupBy: Array<RouterDimension> | RouterDimension;
  order: RouterOrder;
  first: number;
}>;


export type RouterGroupsQuery = { account: { id: string, routerUsage: { buckets: { totalCount: string | number, nodes: Array<{ model: string | null, provider: string | null, apiKey: { id: string, name: string } | null }> } } } | null };

export type RouterOverTimeQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  filter?: RouterFilter | null | undefined;
  top: RouterFilter;
  interval: Interval;
  zone: string;
  groupBy: Array<RouterDimension> | RouterDimension;
  first: number;
}>;


export type RouterOverTimeQuery = { account: { id: string, all: { buckets: { nodes: Array<{ time: string | null, partial: boolean, requests: string | number, totalTokens: string | number, totalFee: string | null, unpricedRequests: string | number }> } }, top: { buckets: { nodes: Array<{ model: string | null, provider: string | null, time: string | null, partial: boolean, requests: string | number, totalTokens: string | number, totalFee: string | null, unpricedRequests: string | number, apiKey: { id: string, name: string } | null }> } } } | null };

export type RouterTableQueryVariables = Exact<{
  account?: string | number | null | undefined;
  range: TimeRange;
  filter?: RouterFilter | null | undefined;
  interval?: Interval | null | undefined;
  zone: string;
  groupBy: Array<RouterDimension> | RouterDimension;
  order: RouterOrder;
  first: number;
  after?: string | null | undefined;
}>;


export type RouterTableQuery = { account: { id: string, currency: string, routerUsage: { buckets: { totalCount: string | number, nodes: Array<{ time: string | null, partial: boolean, model: string | null, provider: string | null, requests: string | number, totalTokens: string | number, averageLatency: number | null, successRate: number | null, errorCount: string | number, totalFee: string | null, unpricedRequests: string | number, throughput: number | null, apiKey: { id: string, name: string } | null, input: Array<{ category: string, label: string, count: string | number, unit: string, fee: string | null }>, output: Array<{ category: string, label: string, count: string | number, unit: string, fee: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } } | null };

export type ToldEventFragment = { position: string, type: string, version: number, time: string, recordedAt: string, source: string, eventId: string, data: unknown };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const BillLineFiguresFragmentDoc = new TypedDocumentString(`
    fragment BillLineFigures on BillLine {
  service
  model
  apiKey {
    id
    name
  }
  provider
  deployment {
    id
    name
  }
  direction
  category
  day
  quantity
  unit
  fee
}
    `, {"fragmentName":"BillLineFigures"}) as unknown as TypedDocumentString<BillLineFiguresFragment, unknown>;
export const GlanceFragmentDoc = new TypedDocumentString(`
    fragment Glance on DeploymentUsage {
  totalRequests
  activeDeployments
  fineTunings
  deployments(first: 0) {
    totalCount
  }
}
    `, {"fragmentName":"Glance"}) as unknown as TypedDocumentString<GlanceFragment, unknown>;
export const ToldEventFragmentDoc = new TypedDocumentString(`
    fragment ToldEvent on Event {
  position
  type
  version
  time
  recordedAt
  source
  eventId
  data
}
    `, {"fragmentName":"ToldEvent"}) as unknown as TypedDocumentString<ToldEventFragment, unknown>;
export const LivedFragmentDoc = new TypedDocumentString(`
    fragment Lived on Deployment {
  key
  name
  type
  model
  status
  gpuType
  gpus
  allocatedGpus
  createdAt
  startedAt
  stoppedAt
  events(first: 100) {
    nodes {
      ...ToldEvent
    }
    pageInfo {
      hasNextPage
    }
  }
  contradictions(first: 100) {
    nodes {
      source
      eventId
      time
      type
      reading
    }
  }
}
    fragment ToldEvent on Event {
  position
  type
  version
  time
  recordedAt
  source
  eventId
  data
}`, {"fragmentName":"Lived"}) as unknown as TypedDocumentString<LivedFragment, unknown>;
export const ExportStateFragmentDoc = new TypedDocumentString(`
    fragment ExportState on Export {
  id
  status
  progress
  rowCount
  format
  fileName
  error
  createdAt
  expiresAt
}
    `, {"fragmentName":"ExportState"}) as unknown as TypedDocumentString<ExportStateFragment, unknown>;
export const ListedFragmentDoc = new TypedDocumentString(`
    fragment Listed on Request {
  id
  timestamp
  requestId
  requestType
  model
  modelVersion
  provider
  technology
  channel
  apiKey {
    id
    name
  }
  deployment {
    id
    name
  }
  inputTokens
  outputTokens
  totalTokens
  timeToFirstToken
  latency
  gatewayLatency
  statusCode
  errorMessage
  fee
  voided
}
    `, {"fragmentName":"Listed"}) as unknown as TypedDocumentString<ListedFragment, unknown>;
export const RatedFragmentDoc = new TypedDocumentString(`
    fragment Rated on Request {
  ...Listed
  source
  eventId
  version
  serviceTier
  reportedCost
  ratedLines {
    direction
    category
    label
    quantity
    unit
    unitPrice
    fee
    price {
      ...ToldEvent
    }
  }
  events {
    ...ToldEvent
  }
}
    fragment Listed on Request {
  id
  timestamp
  requestId
  requestType
  model
  modelVersion
  provider
  technology
  channel
  apiKey {
    id
    name
  }
  deployment {
    id
    name
  }
  inputTokens
  outputTokens
  totalTokens
  timeToFirstToken
  latency
  gatewayLatency
  statusCode
  errorMessage
  fee
  voided
}
fragment ToldEvent on Event {
  position
  type
  version
  time
  recordedAt
  source
  eventId
  data
}`, {"fragmentName":"Rated"}) as unknown as TypedDocumentString<RatedFragment, unknown>;
export const AuditStateFragmentDoc = new TypedDocumentString(`
    fragment AuditState on Audit {
  id
  status
  progress
  range {
    from
    to
  }
  eventsReplayed
  digest
  differenceCount
  error
  createdAt
}
    `, {"fragmentName":"AuditState"}) as unknown as TypedDocumentString<AuditStateFragment, unknown>;
export const NamedFragmentDoc = new TypedDocumentString(`
    fragment Named on RouterBucket {
  model
  provider
  apiKey {
    id
    name
  }
}
    `, {"fragmentName":"Named"}) as unknown as TypedDocumentString<NamedFragment, unknown>;
export const MeasuredFragmentDoc = new TypedDocumentString(`
    fragment Measured on RouterBucket {
  time
  partial
  requests
  totalTokens
  totalFee
  unpricedRequests
}
    `, {"fragmentName":"Measured"}) as unknown as TypedDocumentString<MeasuredFragment, unknown>;
export const AccountsDocument = new TypedDocumentString(`
    query Accounts($first: Int!, $after: String) {
  accounts(first: $first, after: $after) {
    nodes {
      id
      key
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<AccountsQuery, AccountsQueryVariables>;
export const ChosenAccountDocument = new TypedDocumentString(`
    query ChosenAccount($id: ID!) {
  account(id: $id) {
    id
    key
  }
}
    `) as unknown as TypedDocumentString<ChosenAccountQuery, ChosenAccountQueryVariables>;
export const WhoDocument = new TypedDocumentString(`
    query Who {
  viewer {
    tokenName
    scopes
    account {
      id
      key
    }
  }
}
    `) as unknown as TypedDocumentString<WhoQuery, WhoQueryVariables>;
export const BillDocument = new TypedDocumentString(`
    query Bill($account: ID, $range: TimeRange!, $previous: TimeRange!, $zone: TimeZone!, $groupBy: [BillDimension!]!) {
  account(id: $account) {
    id
    bill(range: $range, timeZone: $zone) {
      total
      currency
      unpricedGpuHours
      dataState {
        unpricedRequests
      }
      lines(groupBy: $groupBy) {
        ...BillLineFigures
      }
    }
    before: bill(range: $previous, timeZone: $zone) {
      total
      lines(groupBy: $groupBy) {
        ...BillLineFigures
      }
    }
  }
}
    fragment BillLineFigures on BillLine {
  service
  model
  apiKey {
    id
    name
  }
  provider
  deployment {
    id
    name
  }
  direction
  category
  day
  quantity
  unit
  fee
}`) as unknown as TypedDocumentString<BillQuery, BillQueryVariables>;
export const RouterUsageChangedDocument = new TypedDocumentString(`
    subscription RouterUsageChanged($account: ID, $range: TimeRange!, $filter: RouterFilter, $every: Int!) {
  routerUsageChanged(
    accountId: $account
    range: $range
    filter: $filter
    every: $every
  ) {
    dataState {
      position
    }
  }
}
    `) as unknown as TypedDocumentString<RouterUsageChangedSubscription, RouterUsageChangedSubscriptionVariables>;
export const DeploymentGlanceDocument = new TypedDocumentString(`
    query DeploymentGlance($account: ID, $range: TimeRange!, $filter: DeploymentFilter) {
  account(id: $account) {
    id
    deploymentUsage(range: $range, filter: $filter) {
      ...Glance
    }
  }
}
    fragment Glance on DeploymentUsage {
  totalRequests
  activeDeployments
  fineTunings
  deployments(first: 0) {
    totalCount
  }
}`) as unknown as TypedDocumentString<DeploymentGlanceQuery, DeploymentGlanceQueryVariables>;
export const DeploymentFiguresDocument = new TypedDocumentString(`
    query DeploymentFigures($account: ID, $range: TimeRange!, $previous: TimeRange!, $filter: DeploymentFilter) {
  account(id: $account) {
    id
    currency
    deploymentUsage(range: $range, filter: $filter) {
      ...Glance
      allocatedGpuHours
      totalFee
      utilization
      idleGpuHours
      unpricedGpuHours
      unknownGpus {
        seconds
        text
      }
      dataState {
        completeThrough
      }
    }
    before: deploymentUsage(range: $previous, filter: $filter) {
      totalRequests
      allocatedGpuHours
      fineTunings
    }
  }
}
    fragment Glance on DeploymentUsage {
  totalRequests
  activeDeployments
  fineTunings
  deployments(first: 0) {
    totalCount
  }
}`) as unknown as TypedDocumentString<DeploymentFiguresQuery, DeploymentFiguresQueryVariables>;
export const DeploymentsOverTimeDocument = new TypedDocumentString(`
    query DeploymentsOverTime($account: ID, $range: TimeRange!, $filter: DeploymentFilter, $interval: Interval!, $zone: TimeZone!) {
  account(id: $account) {
    id
    deploymentUsage(range: $range, filter: $filter) {
      series(interval: $interval, timeZone: $zone) {
        time
        partial
        requests
        gpuHours
      }
    }
  }
}
    `) as unknown as TypedDocumentString<DeploymentsOverTimeQuery, DeploymentsOverTimeQueryVariables>;
export const DeploymentTableDocument = new TypedDocumentString(`
    query DeploymentTable($account: ID, $range: TimeRange!, $filter: DeploymentFilter, $order: DeploymentOrder!, $first: Int!, $after: String) {
  account(id: $account) {
    id
    currency
    deploymentUsage(range: $range, filter: $filter) {
      deployments(orderBy: $order, first: $first, after: $after) {
        totalCount
        nodes {
          name
          type
          model
          requests
          duration {
            seconds
            text
          }
          tokens
          gpuHours
          utilization
          fee
          unpricedGpuHours
          deployment {
            id
            key
            status
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<DeploymentTableQuery, DeploymentTableQueryVariables>;
export const DeploymentDetailDocument = new TypedDocumentString(`
    query DeploymentDetail($id: ID!) {
  node(id: $id) {
    id
    ...Lived
  }
}
    fragment Lived on Deployment {
  key
  name
  type
  model
  status
  gpuType
  gpus
  allocatedGpus
  createdAt
  startedAt
  stoppedAt
  events(first: 100) {
    nodes {
      ...ToldEvent
    }
    pageInfo {
      hasNextPage
    }
  }
  contradictions(first: 100) {
    nodes {
      source
      eventId
      time
      type
      reading
    }
  }
}
fragment ToldEvent on Event {
  position
  type
  version
  time
  recordedAt
  source
  eventId
  data
}`) as unknown as TypedDocumentString<DeploymentDetailQuery, DeploymentDetailQueryVariables>;
export const FollowExportDocument = new TypedDocumentString(`
    subscription FollowExport($id: ID!) {
  exportUpdated(id: $id) {
    ...ExportState
  }
}
    fragment ExportState on Export {
  id
  status
  progress
  rowCount
  format
  fileName
  error
  createdAt
  expiresAt
}`) as unknown as TypedDocumentString<FollowExportSubscription, FollowExportSubscriptionVariables>;
export const CancelExportDocument = new TypedDocumentString(`
    mutation CancelExport($id: ID!) {
  cancelExport(id: $id) {
    errors {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CancelExportMutation, CancelExportMutationVariables>;
export const ExportFileDocument = new TypedDocumentString(`
    query ExportFile($id: ID!) {
  export(id: $id) {
    fileName
    downloadUrl
  }
}
    `) as unknown as TypedDocumentString<ExportFileQuery, ExportFileQueryVariables>;
export const HistoryPageDocument = new TypedDocumentString(`
    query HistoryPage($account: ID, $range: TimeRange!, $filter: HistoryFilter, $order: HistoryOrder!, $first: Int!, $after: String) {
  account(id: $account) {
    id
    currency
    history(
      range: $range
      filter: $filter
      orderBy: $order
      first: $first
      after: $after
    ) {
      nodes {
        ...Listed
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    fragment Listed on Request {
  id
  timestamp
  requestId
  requestType
  model
  modelVersion
  provider
  technology
  channel
  apiKey {
    id
    name
  }
  deployment {
    id
    name
  }
  inputTokens
  outputTokens
  totalTokens
  timeToFirstToken
  latency
  gatewayLatency
  statusCode
  errorMessage
  fee
  voided
}`) as unknown as TypedDocumentString<HistoryPageQuery, HistoryPageQueryVariables>;
export const HistoryCountDocument = new TypedDocumentString(`
    query HistoryCount($account: ID, $range: TimeRange!, $filter: HistoryFilter) {
  account(id: $account) {
    id
    history(range: $range, filter: $filter, first: 0) {
      totalCount
    }
  }
}
    `) as unknown as TypedDocumentString<HistoryCountQuery, HistoryCountQueryVariables>;
export const NewestRequestsDocument = new TypedDocumentString(`
    query NewestRequests($account: ID, $range: TimeRange!, $filter: HistoryFilter, $first: Int!) {
  account(id: $account) {
    id
    history(range: $range, filter: $filter, first: $first) {
      nodes {
        id
      }
    }
  }
}
    `) as unknown as TypedDocumentString<NewestRequestsQuery, NewestRequestsQueryVariables>;
export const FilterValuesDocument = new TypedDocumentString(`
    query FilterValues($account: ID, $range: TimeRange!) {
  account(id: $account) {
    id
    routerUsage(range: $range) {
      models: buckets(
        interval: null
        groupBy: [MODEL]
        orderBy: {field: REQUESTS}
        first: 200
      ) {
        nodes {
          model
        }
      }
      providers: buckets(
        interval: null
        groupBy: [PROVIDER]
        orderBy: {field: REQUESTS}
        first: 200
      ) {
        nodes {
          provider
        }
      }
      apiKeys: buckets(
        interval: null
        groupBy: [API_KEY]
        orderBy: {field: REQUESTS}
        first: 200
      ) {
        nodes {
          apiKey {
            id
            name
          }
        }
      }
    }
    deploymentUsage(range: $range) {
      deployments(orderBy: {field: REQUESTS}, first: 200) {
        nodes {
          name
          deployment {
            key
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FilterValuesQuery, FilterValuesQueryVariables>;
export const RequestDetailDocument = new TypedDocumentString(`
    query RequestDetail($id: ID!, $account: ID) {
  account(id: $account) {
    id
    currency
  }
  node(id: $id) {
    id
    ...Rated
  }
}
    fragment Listed on Request {
  id
  timestamp
  requestId
  requestType
  model
  modelVersion
  provider
  technology
  channel
  apiKey {
    id
    name
  }
  deployment {
    id
    name
  }
  inputTokens
  outputTokens
  totalTokens
  timeToFirstToken
  latency
  gatewayLatency
  statusCode
  errorMessage
  fee
  voided
}
fragment Rated on Request {
  ...Listed
  source
  eventId
  version
  serviceTier
  reportedCost
  ratedLines {
    direction
    category
    label
    quantity
    unit
    unitPrice
    fee
    price {
      ...ToldEvent
    }
  }
  events {
    ...ToldEvent
  }
}
fragment ToldEvent on Event {
  position
  type
  version
  time
  recordedAt
  source
  eventId
  data
}`) as unknown as TypedDocumentString<RequestDetailQuery, RequestDetailQueryVariables>;
export const AuditsDocument = new TypedDocumentString(`
    query Audits($account: ID, $first: Int!, $after: String) {
  account(id: $account) {
    id
    audits(first: $first, after: $after) {
      nodes {
        ...AuditState
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    fragment AuditState on Audit {
  id
  status
  progress
  range {
    from
    to
  }
  eventsReplayed
  digest
  differenceCount
  error
  createdAt
}`) as unknown as TypedDocumentString<AuditsQuery, AuditsQueryVariables>;
export const FollowAuditDocument = new TypedDocumentString(`
    subscription FollowAudit($id: ID!) {
  auditUpdated(id: $id) {
    ...AuditState
  }
}
    fragment AuditState on Audit {
  id
  status
  progress
  range {
    from
    to
  }
  eventsReplayed
  digest
  differenceCount
  error
  createdAt
}`) as unknown as TypedDocumentString<FollowAuditSubscription, FollowAuditSubscriptionVariables>;
export const CancelAuditDocument = new TypedDocumentString(`
    mutation CancelAudit($id: ID!) {
  cancelAudit(id: $id) {
    errors {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CancelAuditMutation, CancelAuditMutationVariables>;
export const AuditFileDocument = new TypedDocumentString(`
    query AuditFile($id: ID!) {
  audit(id: $id) {
    downloadUrl
  }
}
    `) as unknown as TypedDocumentString<AuditFileQuery, AuditFileQueryVariables>;
export const ExportsDocument = new TypedDocumentString(`
    query Exports($account: ID, $first: Int!, $after: String, $contents: Boolean!) {
  account(id: $account) {
    id
    exports(first: $first, after: $after) {
      nodes {
        ...ExportState
        contents @include(if: $contents) {
          range {
            from
            to
          }
          timeZone
          interval
          groupBy
          models
          providers
          apiKeys
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    fragment ExportState on Export {
  id
  status
  progress
  rowCount
  format
  fileName
  error
  createdAt
  expiresAt
}`) as unknown as TypedDocumentString<ExportsQuery, ExportsQueryVariables>;
export const StartAuditDocument = new TypedDocumentString(`
    mutation StartAudit($input: StartAuditInput!) {
  startAudit(input: $input) {
    errors {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<StartAuditMutation, StartAuditMutationVariables>;
export const KeyNamesDocument = new TypedDocumentString(`
    query KeyNames($account: ID, $range: TimeRange!, $ids: [ID]!) {
  account(id: $account) {
    id
    routerUsage(range: $range, filter: {apiKeys: $ids}) {
      buckets(interval: null, groupBy: [API_KEY], first: 1000) {
        nodes {
          apiKey {
            id
            name
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<KeyNamesQuery, KeyNamesQueryVariables>;
export const ProbeDocument = new TypedDocumentString(`
    query Probe {
  viewer {
    tokenName
  }
}
    `) as unknown as TypedDocumentString<ProbeQuery, ProbeQueryVariables>;
export const StartExportDocument = new TypedDocumentString(`
    mutation StartExport($input: ExportRouterUsageInput!) {
  exportRouterUsage(input: $input) {
    export {
      ...ExportState
    }
    errors {
      message
    }
  }
}
    fragment ExportState on Export {
  id
  status
  progress
  rowCount
  format
  fileName
  error
  createdAt
  expiresAt
}`) as unknown as TypedDocumentString<StartExportMutation, StartExportMutationVariables>;
export const RouterFiguresDocument = new TypedDocumentString(`
    query RouterFigures($account: ID, $range: TimeRange!, $previous: TimeRange!, $filter: RouterFilter) {
  account(id: $account) {
    id
    currency
    routerUsage(range: $range, filter: $filter) {
      totalRequests
      totalTokens
      usedModels
      averageLatency
      totalFee
      dataState {
        completeThrough
        unpricedRequests
        estimatedRequests
      }
    }
    before: routerUsage(range: $previous, filter: $filter) {
      totalRequests
      totalTokens
      usedModels
      averageLatency
      totalFee
    }
  }
}
    `) as unknown as TypedDocumentString<RouterFiguresQuery, RouterFiguresQueryVariables>;
export const RouterGroupsDocument = new TypedDocumentString(`
    query RouterGroups($account: ID, $range: TimeRange!, $filter: RouterFilter, $groupBy: [RouterDimension!]!, $order: RouterOrder!, $first: Int!) {
  account(id: $account) {
    id
    routerUsage(range: $range, filter: $filter) {
      buckets(interval: null, groupBy: $groupBy, orderBy: $order, first: $first) {
        totalCount
        nodes {
          ...Named
        }
      }
    }
  }
}
    fragment Named on RouterBucket {
  model
  provider
  apiKey {
    id
    name
  }
}`) as unknown as TypedDocumentString<RouterGroupsQuery, RouterGroupsQueryVariables>;
export const RouterOverTimeDocument = new TypedDocumentString(`
    query RouterOverTime($account: ID, $range: TimeRange!, $filter: RouterFilter, $top: RouterFilter!, $interval: Interval!, $zone: TimeZone!, $groupBy: [RouterDimension!]!, $first: Int!) {
  account(id: $account) {
    id
    all: routerUsage(range: $range, filter: $filter) {
      buckets(
        interval: $interval
        timeZone: $zone
        groupBy: []
        orderBy: {field: TIME, direction: ASC}
        first: $first
      ) {
        nodes {
          ...Measured
        }
      }
    }
    top: routerUsage(range: $range, filter: $top) {
      buckets(
        interval: $interval
        timeZone: $zone
        groupBy: $groupBy
        orderBy: {field: TIME, direction: ASC}
        first: $first
      ) {
        nodes {
          ...Named
          ...Measured
        }
      }
    }
  }
}
    fragment Named on RouterBucket {
  model
  provider
  apiKey {
    id
    name
  }
}
fragment Measured on RouterBucket {
  time
  partial
  requests
  totalTokens
  totalFee
  unpricedRequests
}`) as unknown as TypedDocumentString<RouterOverTimeQuery, RouterOverTimeQueryVariables>;
export const RouterTableDocument = new TypedDocumentString(`
    query RouterTable($account: ID, $range: TimeRange!, $filter: RouterFilter, $interval: Interval, $zone: TimeZone!, $groupBy: [RouterDimension!]!, $order: RouterOrder!, $first: Int!, $after: String) {
  account(id: $account) {
    id
    currency
    routerUsage(range: $range, filter: $filter) {
      buckets(
        interval: $interval
        timeZone: $zone
        groupBy: $groupBy
        orderBy: $order
        first: $first
        after: $after
      ) {
        totalCount
        nodes {
          time
          partial
          model
          provider
          apiKey {
            id
            name
          }
          requests
          totalTokens
          input {
            category
            label
            count
            unit
            fee
          }
          output {
            category
            label
            count
            unit
            fee
          }
          averageLatency
          successRate
          errorCount
          totalFee
          unpricedRequests
          throughput
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<RouterTableQuery, RouterTableQueryVariables>;