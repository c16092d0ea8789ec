import { graphql } from "../gql";

graphql(`
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
`);

export const PAGE = graphql(`
  query HistoryPage($account: ID, $range: TimeRange!, $filter: HistoryFilter, $order: HistoryOrder!, $first: Int!, $after: String) {
    account(id: $account) {
      id
      currency
      history(range: $range, filter: $filter, orderBy: $order, first: $first, after: $after) {
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
`);

export const COUNT = graphql(`
  query HistoryCount($account: ID, $range: TimeRange!, $filter: HistoryFilter) {
    account(id: $account) {
      id
      history(range: $range, filter: $filter, first: 0) {
        totalCount
      }
    }
  }
`);

export const NEWEST = graphql(`
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
`);

export const VALUES = graphql(`
  query FilterValues($account: ID, $range: TimeRange!) {
    account(id: $account) {
      id
      routerUsage(range: $range) {
        models: buckets(interval: null, groupBy: [MODEL], orderBy: { field: REQUESTS }, first: 200) {
          nodes {
            model
          }
        }
        providers: buckets(interval: null, groupBy: [PROVIDER], orderBy: { field: REQUESTS }, first: 200) {
          nodes {
            provider
          }
        }
        apiKeys: buckets(interval: null, groupBy: [API_KEY], orderBy: { field: REQUESTS }, first: 200) {
          nodes {
            apiKey {
              id
              name
            }
          }
        }
      }
      deploymentUsage(range: $range) {
        deployments(orderBy: { field: REQUESTS }, first: 200) {
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
`);

graphql(`
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
`);

export const DETAIL = graphql(`
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
`);
