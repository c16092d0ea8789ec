/* eslint-disable */
import * as types from './graphql';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Accounts($first: Int!, $after: String) {\n    accounts(first: $first, after: $after) {\n      nodes {\n        id\n        key\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.AccountsDocument,
    "\n  query ChosenAccount($id: ID!) {\n    account(id: $id) {\n      id\n      key\n    }\n  }\n": typeof types.ChosenAccountDocument,
    "\n  query Who {\n    viewer {\n      tokenName\n      scopes\n      account {\n        id\n        key\n      }\n    }\n  }\n": typeof types.WhoDocument,
    "\n  query Bill($account: ID, $range: TimeRange!, $previous: TimeRange!, $zone: TimeZone!, $groupBy: [BillDimension!]!) {\n    account(id: $account) {\n      id\n      bill(range: $range, timeZone: $zone) {\n        total\n        currency\n        unpricedGpuHours\n        dataState {\n          unpricedRequests\n        }\n        lines(groupBy: $groupBy) {\n          ...BillLineFigures\n        }\n      }\n      before: bill(range: $previous, timeZone: $zone) {\n        total\n        lines(groupBy: $groupBy) {\n          ...BillLineFigures\n        }\n      }\n    }\n  }\n  fragment BillLineFigures on BillLine {\n    service\n    model\n    apiKey {\n      id\n      name\n    }\n    provider\n    deployment {\n      id\n      name\n    }\n    direction\n    category\n    day\n    quantity\n    unit\n    fee\n  }\n": typeof types.BillDocument,
    "\n  subscription RouterUsageChanged($account: ID, $range: TimeRange!, $filter: RouterFilter, $every: Int!) {\n    routerUsageChanged(accountId: $account, range: $range, filter: $filter, every: $every) {\n      dataState {\n        position\n      }\n    }\n  }\n": typeof types.RouterUsageChangedDocument,
    "\n  fragment Glance on DeploymentUsage {\n    totalRequests\n    activeDeployments\n    fineTunings\n    deployments(first: 0) {\n      totalCount\n    }\n  }\n": typeof types.GlanceFragmentDoc,
    "\n  query DeploymentGlance($account: ID, $range: TimeRange!, $filter: DeploymentFilter) {\n    account(id: $account) {\n      id\n      deploymentUsage(range: $range, filter: $filter) {\n        ...Glance\n      }\n    }\n  }\n": typeof types.DeploymentGlanceDocument,
    "\n  query DeploymentFigures($account: ID, $range: TimeRange!, $previous: TimeRange!, $filter: DeploymentFilter) {\n    account(id: $account) {\n      id\n      currency\n      deploymentUsage(range: $range, filter: $filter) {\n        ...Glance\n        allocatedGpuHours\n        totalFee\n        utilization\n        idleGpuHours\n        unpricedGpuHours\n        unknownGpus {\n          seconds\n          text\n        }\n        dataState {\n          completeThrough\n        }\n      }\n      before: deploymentUsage(range: $previous, filter: $filter) {\n        totalRequests\n        allocatedGpuHours\n        fineTunings\n      }\n    }\n  }\n": typeof types.DeploymentFiguresDocument,
    "\n  query DeploymentsOverTime($account: ID, $range: TimeRange!, $filter: DeploymentFilter, $interval: Interval!, $zone: TimeZone!) {\n    account(id: $account) {\n      id\n      deploymentUsage(range: $range, filter: $filter) {\n        series(interval: $interval, timeZone: $zone) {\n          time\n          partial\n          requests\n          gpuHours\n        }\n      }\n    }\n  }\n": typeof types.DeploymentsOverTimeDocument,
    "\n  query DeploymentTable($account: ID, $range: TimeRange!, $filter: DeploymentFilter, $order: DeploymentOrder!, $first: Int!, $after: String) {\n    account(id: $account) {\n      id\n      currency\n      deploymentUsage(range: $range, filter: $filter) {\n        deployments(orderBy: $order, first: $first, after: $after) {\n          totalCount\n          nodes {\n            name\n            type\n            model\n            requests\n            duration {\n              seconds\n              text\n            }\n            tokens\n            gpuHours\n            utilization\n            fee\n            unpricedGpuHours\n            deployment {\n              id\n              key\n              status\n            }\n          }\n          pageInfo {\n            hasNextPage\n            endCursor\n          }\n        }\n      }\n    }\n  }\n": typeof types.DeploymentTableDocument,
    "\n  fragment Lived on Deployment {\n    key\n    name\n    type\n    model\n    status\n    gpuType\n    gpus\n    allocatedGpus\n    createdAt\n    startedAt\n    stoppedAt\n    events(first: 100) {\n      nodes {\n        ...ToldEvent\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n    contradictions(first: 100) {\n      nodes {\n        source\n        eventId\n        time\n        type\n        reading\n      }\n    }\n  }\n": typeof types.LivedFragmentDoc,
    "\n  query DeploymentDetail($id: ID!) {\n    node(id: $id) {\n      id\n      ...Lived\n    }\n  }\n": typeof types.DeploymentDetailDocument,
    "\n  fragment ExportState on Export {\n    id\n    status\n    progress\n    rowCount\n    format\n    fileName\n    error\n    createdAt\n    expiresAt\n  }\n": typeof types.ExportStateFragmentDoc,
    "\n  subscription FollowExport($id: ID!) {\n    exportUpdated(id: $id) {\n      ...ExportState\n    }\n  }\n": typeof types.FollowExportDocument,
    "\n  mutation CancelExport($id: ID!) {\n    cancelExport(id: $id) {\n      errors {\n        message\n      }\n    }\n  }\n": typeof types.CancelExportDocument,
    "\n  query ExportFile($id: ID!) {\n    export(id: $id) {\n      fileName\n      downloadUrl\n    }\n  }\n": typeof types.ExportFileDocument,
    "\n  fragment Listed on Request {\n    id\n    timestamp\n    requestId\n    requestType\n    model\n    modelVersion\n    provider\n    technology\n    channel\n    apiKey {\n      id\n      name\n    }\n    deployment {\n      id\n      name\n    }\n    inputTokens\n    outputTokens\n    totalTokens\n    timeToFirstToken\n    latency\n    gatewayLatency\n    statusCode\n    errorMessage\n    fee\n    voided\n  }\n": typeof types.ListedFragmentDoc,
    "\n  query HistoryPage($account: ID, $range: TimeRange!, $filter: HistoryFilter, $order: HistoryOrder!, $first: Int!, $after: String) {\n    account(id: $account) {\n      id\n      currency\n      history(range: $range, filter: $filter, orderBy: $order, first: $first, after: $after) {\n        nodes {\n          ...Listed\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n": typeof types.HistoryPageDocument,
    "\n  query HistoryCount($account: ID, $range: TimeRange!, $filter: HistoryFilter) {\n    account(id: $account) {\n      id\n      history(range: $range, filter: $filter, first: 0) {\n        totalCount\n      }\n    }\n  }\n": typeof types.HistoryCountDocument,
    "\n  query NewestRequests($account: ID, $range: TimeRange!, $filter: HistoryFilter, $first: Int!) {\n    account(id: $account) {\n      id\n      history(range: $range, filter: $filter, first: $first) {\n        nodes {\n          id\n        }\n      }\n    }\n  }\n": typeof types.NewestRequestsDocument,
    "\n  query FilterValues($account: ID, $range: TimeRange!) {\n    account(id: $account) {\n      id\n      routerUsage(range: $range) {\n        models: buckets(interval: null, groupBy: [MODEL], orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            model\n          }\n        }\n        providers: buckets(interval: null, groupBy: [PROVIDER], orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            provider\n          }\n        }\n        apiKeys: buckets(interval: null, groupBy: [API_KEY], orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            apiKey {\n              id\n              name\n            }\n          }\n        }\n      }\n      deploymentUsage(range: $range) {\n        deployments(orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            name\n            deployment {\n              key\n            }\n          }\n        }\n      }\n    }\n  }\n": typeof types.FilterValuesDocument,
    "\n  fragment Rated on Request {\n    ...Listed\n    source\n    eventId\n    version\n    serviceTier\n    reportedCost\n    ratedLines {\n      direction\n      category\n      label\n      quantity\n      unit\n      unitPrice\n      fee\n      price {\n        ...ToldEvent\n      }\n    }\n    events {\n      ...ToldEvent\n    }\n  }\n": typeof types.RatedFragmentDoc,
    "\n  query RequestDetail($id: ID!, $account: ID) {\n    account(id: $account) {\n      id\n      currency\n    }\n    node(id: $id) {\n      id\n      ...Rated\n    }\n  }\n": typeof types.RequestDetailDocument,
    "\n  fragment AuditState on Audit {\n    id\n    status\n    progress\n    range {\n      from\n      to\n    }\n    eventsReplayed\n    digest\n    differenceCount\n    error\n    createdAt\n  }\n": typeof types.AuditStateFragmentDoc,
    "\n  query Audits($account: ID, $first: Int!, $after: String) {\n    account(id: $account) {\n      id\n      audits(first: $first, after: $after) {\n        nodes {\n          ...AuditState\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n": typeof types.AuditsDocument,
    "\n  subscription FollowAudit($id: ID!) {\n    auditUpdated(id: $id) {\n      ...AuditState\n    }\n  }\n": typeof types.FollowAuditDocument,
    "\n  mutation CancelAudit($id: ID!) {\n    cancelAudit(id: $id) {\n      errors {\n        message\n      }\n    }\n  }\n": typeof types.CancelAuditDocument,
    "\n  query AuditFile($id: ID!) {\n    audit(id: $id) {\n      downloadUrl\n    }\n  }\n": typeof types.AuditFileDocument,
    "\n  query Exports($account: ID, $first: Int!, $after: String, $contents: Boolean!) {\n    account(id: $account) {\n      id\n      exports(first: $first, after: $after) {\n        nodes {\n          ...ExportState\n          contents @include(if: $contents) {\n            range {\n              from\n              to\n            }\n            timeZone\n            interval\n            groupBy\n            models\n            providers\n            apiKeys\n          }\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n": typeof types.ExportsDocument,
    "\n  mutation StartAudit($input: StartAuditInput!) {\n    startAudit(input: $input) {\n      errors {\n        message\n      }\n    }\n  }\n": typeof types.StartAuditDocument,
    "\n  query KeyNames($account: ID, $range: TimeRange!, $ids: [ID]!) {\n    account(id: $account) {\n      id\n      routerUsage(range: $range, filter: { apiKeys: $ids }) {\n        buckets(interval: null, groupBy: [API_KEY], first: 1000) {\n          nodes {\n            apiKey {\n              id\n              name\n            }\n          }\n        }\n      }\n    }\n  }\n": typeof types.KeyNamesDocument,
    "\n  query Probe {\n    viewer {\n      tokenName\n    }\n  }\n": typeof types.ProbeDocument,
    "\n  mutation StartExport($input: ExportRouterUsageInput!) {\n    exportRouterUsage(input: $input) {\n      export {\n        ...ExportState\n      }\n      errors {\n        message\n      }\n    }\n  }\n": typeof types.StartExportDocument,
    "\n  query RouterFigures($account: ID, $range: TimeRange!, $previous: TimeRange!, $filter: RouterFilter) {\n    account(id: $account) {\n      id\n      currency\n      routerUsage(range: $range, filter: $filter) {\n        totalRequests\n        totalTokens\n        usedModels\n        averageLatency\n        totalFee\n        dataState {\n          completeThrough\n          unpricedRequests\n          estimatedRequests\n        }\n      }\n      before: routerUsage(range: $previous, filter: $filter) {\n        totalRequests\n        totalTokens\n        usedModels\n        averageLatency\n        totalFee\n      }\n    }\n  }\n": typeof types.RouterFiguresDocument,
    "\n  fragment Named on RouterBucket {\n    model\n    provider\n    apiKey {\n      id\n      name\n    }\n  }\n": typeof types.NamedFragmentDoc,
    "\n  fragment Measured on RouterBucket {\n    time\n    partial\n    requests\n    totalTokens\n    totalFee\n    unpricedRequests\n  }\n": typeof types.MeasuredFragmentDoc,
    "\n  query RouterGroups($account: ID, $range: TimeRange!, $filter: RouterFilter, $groupBy: [RouterDimension!]!, $order: RouterOrder!, $first: Int!) {\n    account(id: $account) {\n      id\n      routerUsage(range: $range, filter: $filter) {\n        buckets(interval: null, groupBy: $groupBy, orderBy: $order, first: $first) {\n          totalCount\n          nodes {\n            ...Named\n          }\n        }\n      }\n    }\n  }\n": typeof types.RouterGroupsDocument,
    "\n  query RouterOverTime(\n    $account: ID\n    $range: TimeRange!\n    $filter: RouterFilter\n    $top: RouterFilter!\n    $interval: Interval!\n    $zone: TimeZone!\n    $groupBy: [RouterDimension!]!\n    $first: Int!\n  ) {\n    account(id: $account) {\n      id\n      all: routerUsage(range: $range, filter: $filter) {\n        buckets(interval: $interval, timeZone: $zone, groupBy: [], orderBy: { field: TIME, direction: ASC }, first: $first) {\n          nodes {\n            ...Measured\n          }\n        }\n      }\n      top: routerUsage(range: $range, filter: $top) {\n        buckets(interval: $interval, timeZone: $zone, groupBy: $groupBy, orderBy: { field: TIME, direction: ASC }, first: $first) {\n          nodes {\n            ...Named\n            ...Measured\n          }\n        }\n      }\n    }\n  }\n": typeof types.RouterOverTimeDocument,
    "\n  query RouterTable(\n    $account: ID\n    $range: TimeRange!\n    $filter: RouterFilter\n    $interval: Interval\n    $zone: TimeZone!\n    $groupBy: [RouterDimension!]!\n    $order: RouterOrder!\n    $first: Int!\n    $after: String\n  ) {\n    account(id: $account) {\n      id\n      currency\n      routerUsage(range: $range, filter: $filter) {\n        buckets(interval: $interval, timeZone: $zone, groupBy: $groupBy, orderBy: $order, first: $first, after: $after) {\n          totalCount\n          nodes {\n            time\n            partial\n            model\n            provider\n            apiKey {\n              id\n              name\n            }\n            requests\n            totalTokens\n            input {\n              category\n              label\n              count\n              unit\n              fee\n            }\n            output {\n              category\n              label\n              count\n              unit\n              fee\n            }\n            averageLatency\n            successRate\n            errorCount\n            totalFee\n            unpricedRequests\n            throughput\n          }\n          pageInfo {\n            hasNextPage\n            endCursor\n          }\n        }\n      }\n    }\n  }\n": typeof types.RouterTableDocument,
    "\n  fragment ToldEvent on Event {\n    position\n    type\n    version\n    time\n    recordedAt\n    source\n    eventId\n    data\n  }\n": typeof types.ToldEventFragmentDoc,
};
const documents: Documents = {
    "\n  query Accounts($first: Int!, $after: String) {\n    accounts(first: $first, after: $after) {\n      nodes {\n        id\n        key\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.AccountsDocument,
    "\n  query ChosenAccount($id: ID!) {\n    account(id: $id) {\n      id\n      key\n    }\n  }\n": types.ChosenAccountDocument,
    "\n  query Who {\n    viewer {\n      tokenName\n      scopes\n      account {\n        id\n        key\n      }\n    }\n  }\n": types.WhoDocument,
    "\n  query Bill($account: ID, $range: TimeRange!, $previous: TimeRange!, $zone: TimeZone!, $groupBy: [BillDimension!]!) {\n    account(id: $account) {\n      id\n      bill(range: $range, timeZone: $zone) {\n        total\n        currency\n        unpricedGpuHours\n        dataState {\n          unpricedRequests\n        }\n        lines(groupBy: $groupBy) {\n          ...BillLineFigures\n        }\n      }\n      before: bill(range: $previous, timeZone: $zone) {\n        total\n        lines(groupBy: $groupBy) {\n          ...BillLineFigures\n        }\n      }\n    }\n  }\n  fragment BillLineFigures on BillLine {\n    service\n    model\n    apiKey {\n      id\n      name\n    }\n    provider\n    deployment {\n      id\n      name\n    }\n    direction\n    category\n    day\n    quantity\n    unit\n    fee\n  }\n": types.BillDocument,
    "\n  subscription RouterUsageChanged($account: ID, $range: TimeRange!, $filter: RouterFilter, $every: Int!) {\n    routerUsageChanged(accountId: $account, range: $range, filter: $filter, every: $every) {\n      dataState {\n        position\n      }\n    }\n  }\n": types.RouterUsageChangedDocument,
    "\n  fragment Glance on DeploymentUsage {\n    totalRequests\n    activeDeployments\n    fineTunings\n    deployments(first: 0) {\n      totalCount\n    }\n  }\n": types.GlanceFragmentDoc,
    "\n  query DeploymentGlance($account: ID, $range: TimeRange!, $filter: DeploymentFilter) {\n    account(id: $account) {\n      id\n      deploymentUsage(range: $range, filter: $filter) {\n        ...Glance\n      }\n    }\n  }\n": types.DeploymentGlanceDocument,
    "\n  query DeploymentFigures($account: ID, $range: TimeRange!, $previous: TimeRange!, $filter: DeploymentFilter) {\n    account(id: $account) {\n      id\n      currency\n      deploymentUsage(range: $range, filter: $filter) {\n        ...Glance\n        allocatedGpuHours\n        totalFee\n        utilization\n        idleGpuHours\n        unpricedGpuHours\n        unknownGpus {\n          seconds\n          text\n        }\n        dataState {\n          completeThrough\n        }\n      }\n      before: deploymentUsage(range: $previous, filter: $filter) {\n        totalRequests\n        allocatedGpuHours\n        fineTunings\n      }\n    }\n  }\n": types.DeploymentFiguresDocument,
    "\n  query DeploymentsOverTime($account: ID, $range: TimeRange!, $filter: DeploymentFilter, $interval: Interval!, $zone: TimeZone!) {\n    account(id: $account) {\n      id\n      deploymentUsage(range: $range, filter: $filter) {\n        series(interval: $interval, timeZone: $zone) {\n          time\n          partial\n          requests\n          gpuHours\n        }\n      }\n    }\n  }\n": types.DeploymentsOverTimeDocument,
    "\n  query DeploymentTable($account: ID, $range: TimeRange!, $filter: DeploymentFilter, $order: DeploymentOrder!, $first: Int!, $after: String) {\n    account(id: $account) {\n      id\n      currency\n      deploymentUsage(range: $range, filter: $filter) {\n        deployments(orderBy: $order, first: $first, after: $after) {\n          totalCount\n          nodes {\n            name\n            type\n            model\n            requests\n            duration {\n              seconds\n              text\n            }\n            tokens\n            gpuHours\n            utilization\n            fee\n            unpricedGpuHours\n            deployment {\n              id\n              key\n              status\n            }\n          }\n          pageInfo {\n            hasNextPage\n            endCursor\n          }\n        }\n      }\n    }\n  }\n": types.DeploymentTableDocument,
    "\n  fragment Lived on Deployment {\n    key\n    name\n    type\n    model\n    status\n    gpuType\n    gpus\n    allocatedGpus\n    createdAt\n    startedAt\n    stoppedAt\n    events(first: 100) {\n      nodes {\n        ...ToldEvent\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n    contradictions(first: 100) {\n      nodes {\n        source\n        eventId\n        time\n        type\n        reading\n      }\n    }\n  }\n": types.LivedFragmentDoc,
    "\n  query DeploymentDetail($id: ID!) {\n    node(id: $id) {\n      id\n      ...Lived\n    }\n  }\n": types.DeploymentDetailDocument,
    "\n  fragment ExportState on Export {\n    id\n    status\n    progress\n    rowCount\n    format\n    fileName\n    error\n    createdAt\n    expiresAt\n  }\n": types.ExportStateFragmentDoc,
    "\n  subscription FollowExport($id: ID!) {\n    exportUpdated(id: $id) {\n      ...ExportState\n    }\n  }\n": types.FollowExportDocument,
    "\n  mutation CancelExport($id: ID!) {\n    cancelExport(id: $id) {\n      errors {\n        message\n      }\n    }\n  }\n": types.CancelExportDocument,
    "\n  query ExportFile($id: ID!) {\n    export(id: $id) {\n      fileName\n      downloadUrl\n    }\n  }\n": types.ExportFileDocument,
    "\n  fragment Listed on Request {\n    id\n    timestamp\n    requestId\n    requestType\n    model\n    modelVersion\n    provider\n    technology\n    channel\n    apiKey {\n      id\n      name\n    }\n    deployment {\n      id\n      name\n    }\n    inputTokens\n    outputTokens\n    totalTokens\n    timeToFirstToken\n    latency\n    gatewayLatency\n    statusCode\n    errorMessage\n    fee\n    voided\n  }\n": types.ListedFragmentDoc,
    "\n  query HistoryPage($account: ID, $range: TimeRange!, $filter: HistoryFilter, $order: HistoryOrder!, $first: Int!, $after: String) {\n    account(id: $account) {\n      id\n      currency\n      history(range: $range, filter: $filter, orderBy: $order, first: $first, after: $after) {\n        nodes {\n          ...Listed\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n": types.HistoryPageDocument,
    "\n  query HistoryCount($account: ID, $range: TimeRange!, $filter: HistoryFilter) {\n    account(id: $account) {\n      id\n      history(range: $range, filter: $filter, first: 0) {\n        totalCount\n      }\n    }\n  }\n": types.HistoryCountDocument,
    "\n  query NewestRequests($account: ID, $range: TimeRange!, $filter: HistoryFilter, $first: Int!) {\n    account(id: $account) {\n      id\n      history(range: $range, filter: $filter, first: $first) {\n        nodes {\n          id\n        }\n      }\n    }\n  }\n": types.NewestRequestsDocument,
    "\n  query FilterValues($account: ID, $range: TimeRange!) {\n    account(id: $account) {\n      id\n      routerUsage(range: $range) {\n        models: buckets(interval: null, groupBy: [MODEL], orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            model\n          }\n        }\n        providers: buckets(interval: null, groupBy: [PROVIDER], orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            provider\n          }\n        }\n        apiKeys: buckets(interval: null, groupBy: [API_KEY], orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            apiKey {\n              id\n              name\n            }\n          }\n        }\n      }\n      deploymentUsage(range: $range) {\n        deployments(orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            name\n            deployment {\n              key\n            }\n          }\n        }\n      }\n    }\n  }\n": types.FilterValuesDocument,
    "\n  fragment Rated on Request {\n    ...Listed\n    source\n    eventId\n    version\n    serviceTier\n    reportedCost\n    ratedLines {\n      direction\n      category\n      label\n      quantity\n      unit\n      unitPrice\n      fee\n      price {\n        ...ToldEvent\n      }\n    }\n    events {\n      ...ToldEvent\n    }\n  }\n": types.RatedFragmentDoc,
    "\n  query RequestDetail($id: ID!, $account: ID) {\n    account(id: $account) {\n      id\n      currency\n    }\n    node(id: $id) {\n      id\n      ...Rated\n    }\n  }\n": types.RequestDetailDocument,
    "\n  fragment AuditState on Audit {\n    id\n    status\n    progress\n    range {\n      from\n      to\n    }\n    eventsReplayed\n    digest\n    differenceCount\n    error\n    createdAt\n  }\n": types.AuditStateFragmentDoc,
    "\n  query Audits($account: ID, $first: Int!, $after: String) {\n    account(id: $account) {\n      id\n      audits(first: $first, after: $after) {\n        nodes {\n          ...AuditState\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n": types.AuditsDocument,
    "\n  subscription FollowAudit($id: ID!) {\n    auditUpdated(id: $id) {\n      ...AuditState\n    }\n  }\n": types.FollowAuditDocument,
    "\n  mutation CancelAudit($id: ID!) {\n    cancelAudit(id: $id) {\n      errors {\n        message\n      }\n    }\n  }\n": types.CancelAuditDocument,
    "\n  query AuditFile($id: ID!) {\n    audit(id: $id) {\n      downloadUrl\n    }\n  }\n": types.AuditFileDocument,
    "\n  query Exports($account: ID, $first: Int!, $after: String, $contents: Boolean!) {\n    account(id: $account) {\n      id\n      exports(first: $first, after: $after) {\n        nodes {\n          ...ExportState\n          contents @include(if: $contents) {\n            range {\n              from\n              to\n            }\n            timeZone\n            interval\n            groupBy\n            models\n            providers\n            apiKeys\n          }\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n": types.ExportsDocument,
    "\n  mutation StartAudit($input: StartAuditInput!) {\n    startAudit(input: $input) {\n      errors {\n        message\n      }\n    }\n  }\n": types.StartAuditDocument,
    "\n  query KeyNames($account: ID, $range: TimeRange!, $ids: [ID]!) {\n    account(id: $account) {\n      id\n      routerUsage(range: $range, filter: { apiKeys: $ids }) {\n        buckets(interval: null, groupBy: [API_KEY], first: 1000) {\n          nodes {\n            apiKey {\n              id\n              name\n            }\n          }\n        }\n      }\n    }\n  }\n": types.KeyNamesDocument,
    "\n  query Probe {\n    viewer {\n      tokenName\n    }\n  }\n": types.ProbeDocument,
    "\n  mutation StartExport($input: ExportRouterUsageInput!) {\n    exportRouterUsage(input: $input) {\n      export {\n        ...ExportState\n      }\n      errors {\n        message\n      }\n    }\n  }\n": types.StartExportDocument,
    "\n  query RouterFigures($account: ID, $range: TimeRange!, $previous: TimeRange!, $filter: RouterFilter) {\n    account(id: $account) {\n      id\n      currency\n      routerUsage(range: $range, filter: $filter) {\n        totalRequests\n        totalTokens\n        usedModels\n        averageLatency\n        totalFee\n        dataState {\n          completeThrough\n          unpricedRequests\n          estimatedRequests\n        }\n      }\n      before: routerUsage(range: $previous, filter: $filter) {\n        totalRequests\n        totalTokens\n        usedModels\n        averageLatency\n        totalFee\n      }\n    }\n  }\n": types.RouterFiguresDocument,
    "\n  fragment Named on RouterBucket {\n    model\n    provider\n    apiKey {\n      id\n      name\n    }\n  }\n": types.NamedFragmentDoc,
    "\n  fragment Measured on RouterBucket {\n    time\n    partial\n    requests\n    totalTokens\n    totalFee\n    unpricedRequests\n  }\n": types.MeasuredFragmentDoc,
    "\n  query RouterGroups($account: ID, $range: TimeRange!, $filter: RouterFilter, $groupBy: [RouterDimension!]!, $order: RouterOrder!, $first: Int!) {\n    account(id: $account) {\n      id\n      routerUsage(range: $range, filter: $filter) {\n        buckets(interval: null, groupBy: $groupBy, orderBy: $order, first: $first) {\n          totalCount\n          nodes {\n            ...Named\n          }\n        }\n      }\n    }\n  }\n": types.RouterGroupsDocument,
    "\n  query RouterOverTime(\n    $account: ID\n    $range: TimeRange!\n    $filter: RouterFilter\n    $top: RouterFilter!\n    $interval: Interval!\n    $zone: TimeZone!\n    $groupBy: [RouterDimension!]!\n    $first: Int!\n  ) {\n    account(id: $account) {\n      id\n      all: routerUsage(range: $range, filter: $filter) {\n        buckets(interval: $interval, timeZone: $zone, groupBy: [], orderBy: { field: TIME, direction: ASC }, first: $first) {\n          nodes {\n            ...Measured\n          }\n        }\n      }\n      top: routerUsage(range: $range, filter: $top) {\n        buckets(interval: $interval, timeZone: $zone, groupBy: $groupBy, orderBy: { field: TIME, direction: ASC }, first: $first) {\n          nodes {\n            ...Named\n            ...Measured\n          }\n        }\n      }\n    }\n  }\n": types.RouterOverTimeDocument,
    "\n  query RouterTable(\n    $account: ID\n    $range: TimeRange!\n    $filter: RouterFilter\n    $interval: Interval\n    $zone: TimeZone!\n    $groupBy: [RouterDimension!]!\n    $order: RouterOrder!\n    $first: Int!\n    $after: String\n  ) {\n    account(id: $account) {\n      id\n      currency\n      routerUsage(range: $range, filter: $filter) {\n        buckets(interval: $interval, timeZone: $zone, groupBy: $groupBy, orderBy: $order, first: $first, after: $after) {\n          totalCount\n          nodes {\n            time\n            partial\n            model\n            provider\n            apiKey {\n              id\n              name\n            }\n            requests\n            totalTokens\n            input {\n              category\n              label\n              count\n              unit\n              fee\n            }\n            output {\n              category\n              label\n              count\n              unit\n              fee\n            }\n            averageLatency\n            successRate\n            errorCount\n            totalFee\n            unpricedRequests\n            throughput\n          }\n          pageInfo {\n            hasNextPage\n            endCursor\n          }\n        }\n      }\n    }\n  }\n": types.RouterTableDocument,
    "\n  fragment ToldEvent on Event {\n    position\n    type\n    version\n    time\n    recordedAt\n    source\n    eventId\n    data\n  }\n": types.ToldEventFragmentDoc,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Accounts($first: Int!, $after: String) {\n    accounts(first: $first, after: $after) {\n      nodes {\n        id\n        key\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): typeof import('./graphql').AccountsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ChosenAccount($id: ID!) {\n    account(id: $id) {\n      id\n      key\n    }\n  }\n"): typeof import('./graphql').ChosenAccountDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Who {\n    viewer {\n      tokenName\n      scopes\n      account {\n        id\n        key\n      }\n    }\n  }\n"): typeof import('./graphql').WhoDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Bill($account: ID, $range: TimeRange!, $previous: TimeRange!, $zone: TimeZone!, $groupBy: [BillDimension!]!) {\n    account(id: $account) {\n      id\n      bill(range: $range, timeZone: $zone) {\n        total\n        currency\n        unpricedGpuHours\n        dataState {\n          unpricedRequests\n        }\n        lines(groupBy: $groupBy) {\n          ...BillLineFigures\n        }\n      }\n      before: bill(range: $previous, timeZone: $zone) {\n        total\n        lines(groupBy: $groupBy) {\n          ...BillLineFigures\n        }\n      }\n    }\n  }\n  fragment BillLineFigures on BillLine {\n    service\n    model\n    apiKey {\n      id\n      name\n    }\n    provider\n    deployment {\n      id\n      name\n    }\n    direction\n    category\n    day\n    quantity\n    unit\n    fee\n  }\n"): typeof import('./graphql').BillDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription RouterUsageChanged($account: ID, $range: TimeRange!, $filter: RouterFilter, $every: Int!) {\n    routerUsageChanged(accountId: $account, range: $range, filter: $filter, every: $every) {\n      dataState {\n        position\n      }\n    }\n  }\n"): typeof import('./graphql').RouterUsageChangedDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Glance on DeploymentUsage {\n    totalRequests\n    activeDeployments\n    fineTunings\n    deployments(first: 0) {\n      totalCount\n    }\n  }\n"): typeof import('./graphql').GlanceFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DeploymentGlance($account: ID, $range: TimeRange!, $filter: DeploymentFilter) {\n    account(id: $account) {\n      id\n      deploymentUsage(range: $range, filter: $filter) {\n        ...Glance\n      }\n    }\n  }\n"): typeof import('./graphql').DeploymentGlanceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DeploymentFigures($account: ID, $range: TimeRange!, $previous: TimeRange!, $filter: DeploymentFilter) {\n    account(id: $account) {\n      id\n      currency\n      deploymentUsage(range: $range, filter: $filter) {\n        ...Glance\n        allocatedGpuHours\n        totalFee\n        utilization\n        idleGpuHours\n        unpricedGpuHours\n        unknownGpus {\n          seconds\n          text\n        }\n        dataState {\n          completeThrough\n        }\n      }\n      before: deploymentUsage(range: $previous, filter: $filter) {\n        totalRequests\n        allocatedGpuHours\n        fineTunings\n      }\n    }\n  }\n"): typeof import('./graphql').DeploymentFiguresDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DeploymentsOverTime($account: ID, $range: TimeRange!, $filter: DeploymentFilter, $interval: Interval!, $zone: TimeZone!) {\n    account(id: $account) {\n      id\n      deploymentUsage(range: $range, filter: $filter) {\n        series(interval: $interval, timeZone: $zone) {\n          time\n          partial\n          requests\n          gpuHours\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').DeploymentsOverTimeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DeploymentTable($account: ID, $range: TimeRange!, $filter: DeploymentFilter, $order: DeploymentOrder!, $first: Int!, $after: String) {\n    account(id: $account) {\n      id\n      currency\n      deploymentUsage(range: $range, filter: $filter) {\n        deployments(orderBy: $order, first: $first, after: $after) {\n          totalCount\n          nodes {\n            name\n            type\n            model\n            requests\n            duration {\n              seconds\n              text\n            }\n            tokens\n            gpuHours\n            utilization\n            fee\n            unpricedGpuHours\n            deployment {\n              id\n              key\n              status\n            }\n          }\n          pageInfo {\n            hasNextPage\n            endCursor\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').DeploymentTableDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Lived on Deployment {\n    key\n    name\n    type\n    model\n    status\n    gpuType\n    gpus\n    allocatedGpus\n    createdAt\n    startedAt\n    stoppedAt\n    events(first: 100) {\n      nodes {\n        ...ToldEvent\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n    contradictions(first: 100) {\n      nodes {\n        source\n        eventId\n        time\n        type\n        reading\n      }\n    }\n  }\n"): typeof import('./graphql').LivedFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DeploymentDetail($id: ID!) {\n    node(id: $id) {\n      id\n      ...Lived\n    }\n  }\n"): typeof import('./graphql').DeploymentDetailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ExportState on Export {\n    id\n    status\n    progress\n    rowCount\n    format\n    fileName\n    error\n    createdAt\n    expiresAt\n  }\n"): typeof import('./graphql').ExportStateFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription FollowExport($id: ID!) {\n    exportUpdated(id: $id) {\n      ...ExportState\n    }\n  }\n"): typeof import('./graphql').FollowExportDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CancelExport($id: ID!) {\n    cancelExport(id: $id) {\n      errors {\n        message\n      }\n    }\n  }\n"): typeof import('./graphql').CancelExportDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ExportFile($id: ID!) {\n    export(id: $id) {\n      fileName\n      downloadUrl\n    }\n  }\n"): typeof import('./graphql').ExportFileDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Listed on Request {\n    id\n    timestamp\n    requestId\n    requestType\n    model\n    modelVersion\n    provider\n    technology\n    channel\n    apiKey {\n      id\n      name\n    }\n    deployment {\n      id\n      name\n    }\n    inputTokens\n    outputTokens\n    totalTokens\n    timeToFirstToken\n    latency\n    gatewayLatency\n    statusCode\n    errorMessage\n    fee\n    voided\n  }\n"): typeof import('./graphql').ListedFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query HistoryPage($account: ID, $range: TimeRange!, $filter: HistoryFilter, $order: HistoryOrder!, $first: Int!, $after: String) {\n    account(id: $account) {\n      id\n      currency\n      history(range: $range, filter: $filter, orderBy: $order, first: $first, after: $after) {\n        nodes {\n          ...Listed\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').HistoryPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query HistoryCount($account: ID, $range: TimeRange!, $filter: HistoryFilter) {\n    account(id: $account) {\n      id\n      history(range: $range, filter: $filter, first: 0) {\n        totalCount\n      }\n    }\n  }\n"): typeof import('./graphql').HistoryCountDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query NewestRequests($account: ID, $range: TimeRange!, $filter: HistoryFilter, $first: Int!) {\n    account(id: $account) {\n      id\n      history(range: $range, filter: $filter, first: $first) {\n        nodes {\n          id\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').NewestRequestsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FilterValues($account: ID, $range: TimeRange!) {\n    account(id: $account) {\n      id\n      routerUsage(range: $range) {\n        models: buckets(interval: null, groupBy: [MODEL], orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            model\n          }\n        }\n        providers: buckets(interval: null, groupBy: [PROVIDER], orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            provider\n          }\n        }\n        apiKeys: buckets(interval: null, groupBy: [API_KEY], orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            apiKey {\n              id\n              name\n            }\n          }\n        }\n      }\n      deploymentUsage(range: $range) {\n        deployments(orderBy: { field: REQUESTS }, first: 200) {\n          nodes {\n            name\n            deployment {\n              key\n            }\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').FilterValuesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Rated on Request {\n    ...Listed\n    source\n    eventId\n    version\n    serviceTier\n    reportedCost\n    ratedLines {\n      direction\n      category\n      label\n      quantity\n      unit\n      unitPrice\n      fee\n      price {\n        ...ToldEvent\n      }\n    }\n    events {\n      ...ToldEvent\n    }\n  }\n"): typeof import('./graphql').RatedFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RequestDetail($id: ID!, $account: ID) {\n    account(id: $account) {\n      id\n      currency\n    }\n    node(id: $id) {\n      id\n      ...Rated\n    }\n  }\n"): typeof import('./graphql').RequestDetailDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment AuditState on Audit {\n    id\n    status\n    progress\n    range {\n      from\n      to\n    }\n    eventsReplayed\n    digest\n    differenceCount\n    error\n    createdAt\n  }\n"): typeof import('./graphql').AuditStateFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Audits($account: ID, $first: Int!, $after: String) {\n    account(id: $account) {\n      id\n      audits(first: $first, after: $after) {\n        nodes {\n          ...AuditState\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').AuditsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription FollowAudit($id: ID!) {\n    auditUpdated(id: $id) {\n      ...AuditState\n    }\n  }\n"): typeof import('./graphql').FollowAuditDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CancelAudit($id: ID!) {\n    cancelAudit(id: $id) {\n      errors {\n        message\n      }\n    }\n  }\n"): typeof import('./graphql').CancelAuditDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AuditFile($id: ID!) {\n    audit(id: $id) {\n      downloadUrl\n    }\n  }\n"): typeof import('./graphql').AuditFileDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Exports($account: ID, $first: Int!, $after: String, $contents: Boolean!) {\n    account(id: $account) {\n      id\n      exports(first: $first, after: $after) {\n        nodes {\n          ...ExportState\n          contents @include(if: $contents) {\n            range {\n              from\n              to\n            }\n            timeZone\n            interval\n            groupBy\n            models\n            providers\n            apiKeys\n          }\n        }\n        pageInfo {\n          hasNextPage\n          endCursor\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').ExportsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StartAudit($input: StartAuditInput!) {\n    startAudit(input: $input) {\n      errors {\n        message\n      }\n    }\n  }\n"): typeof import('./graphql').StartAuditDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query KeyNames($account: ID, $range: TimeRange!, $ids: [ID]!) {\n    account(id: $account) {\n      id\n      routerUsage(range: $range, filter: { apiKeys: $ids }) {\n        buckets(interval: null, groupBy: [API_KEY], first: 1000) {\n          nodes {\n            apiKey {\n              id\n              name\n            }\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').KeyNamesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Probe {\n    viewer {\n      tokenName\n    }\n  }\n"): typeof import('./graphql').ProbeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StartExport($input: ExportRouterUsageInput!) {\n    exportRouterUsage(input: $input) {\n      export {\n        ...ExportState\n      }\n      errors {\n        message\n      }\n    }\n  }\n"): typeof import('./graphql').StartExportDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RouterFigures($account: ID, $range: TimeRange!, $previous: TimeRange!, $filter: RouterFilter) {\n    account(id: $account) {\n      id\n      currency\n      routerUsage(range: $range, filter: $filter) {\n        totalRequests\n        totalTokens\n        usedModels\n        averageLatency\n        totalFee\n        dataState {\n          completeThrough\n          unpricedRequests\n          estimatedRequests\n        }\n      }\n      before: routerUsage(range: $previous, filter: $filter) {\n        totalRequests\n        totalTokens\n        usedModels\n        averageLatency\n        totalFee\n      }\n    }\n  }\n"): typeof import('./graphql').RouterFiguresDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Named on RouterBucket {\n    model\n    provider\n    apiKey {\n      id\n      name\n    }\n  }\n"): typeof import('./graphql').NamedFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Measured on RouterBucket {\n    time\n    partial\n    requests\n    totalTokens\n    totalFee\n    unpricedRequests\n  }\n"): typeof import('./graphql').MeasuredFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RouterGroups($account: ID, $range: TimeRange!, $filter: RouterFilter, $groupBy: [RouterDimension!]!, $order: RouterOrder!, $first: Int!) {\n    account(id: $account) {\n      id\n      routerUsage(range: $range, filter: $filter) {\n        buckets(interval: null, groupBy: $groupBy, orderBy: $order, first: $first) {\n          totalCount\n          nodes {\n            ...Named\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').RouterGroupsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RouterOverTime(\n    $account: ID\n    $range: TimeRange!\n    $filter: RouterFilter\n    $top: RouterFilter!\n    $interval: Interval!\n    $zone: TimeZone!\n    $groupBy: [RouterDimension!]!\n    $first: Int!\n  ) {\n    account(id: $account) {\n      id\n      all: routerUsage(range: $range, filter: $filter) {\n        buckets(interval: $interval, timeZone: $zone, groupBy: [], orderBy: { field: TIME, direction: ASC }, first: $first) {\n          nodes {\n            ...Measured\n          }\n        }\n      }\n      top: routerUsage(range: $range, filter: $top) {\n        buckets(interval: $interval, timeZone: $zone, groupBy: $groupBy, orderBy: { field: TIME, direction: ASC }, first: $first) {\n          nodes {\n            ...Named\n            ...Measured\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').RouterOverTimeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RouterTable(\n    $account: ID\n    $range: TimeRange!\n    $filter: RouterFilter\n    $interval: Interval\n    $zone: TimeZone!\n    $groupBy: [RouterDimension!]!\n    $order: RouterOrder!\n    $first: Int!\n    $after: String\n  ) {\n    account(id: $account) {\n      id\n      currency\n      routerUsage(range: $range, filter: $filter) {\n        buckets(interval: $interval, timeZone: $zone, groupBy: $groupBy, orderBy: $order, first: $first, after: $after) {\n          totalCount\n          nodes {\n            time\n            partial\n            model\n            provider\n            apiKey {\n              id\n              name\n            }\n            requests\n            totalTokens\n            input {\n              category\n              label\n              count\n              unit\n              fee\n            }\n            output {\n              category\n              label\n              count\n              unit\n              fee\n            }\n            averageLatency\n            successRate\n            errorCount\n            totalFee\n            unpricedRequests\n            throughput\n          }\n          pageInfo {\n            hasNextPage\n            endCursor\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql').RouterTableDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ToldEvent on Event {\n    position\n    type\n    version\n    time\n    recordedAt\n    source\n    eventId\n    data\n  }\n"): typeof import('./graphql').ToldEventFragmentDoc;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
