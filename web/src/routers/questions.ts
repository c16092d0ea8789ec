import { graphql } from "../gql";

export const FIGURES = graphql(`
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
`);

graphql(`
  fragment Named on RouterBucket {
    model
    provider
    apiKey {
      id
      name
    }
  }
`);

graphql(`
  fragment Measured on RouterBucket {
    time
    partial
    requests
    totalTokens
    totalFee
    unpricedRequests
  }
`);

export const GROUPS = graphql(`
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
`);

export const OVER_TIME = graphql(`
  query RouterOverTime(
    $account: ID
    $range: TimeRange!
    $filter: RouterFilter
    $top: RouterFilter!
    $interval: Interval!
    $zone: TimeZone!
    $groupBy: [RouterDimension!]!
    $first: Int!
  ) {
    account(id: $account) {
      id
      all: routerUsage(range: $range, filter: $filter) {
        buckets(interval: $interval, timeZone: $zone, groupBy: [], orderBy: { field: TIME, direction: ASC }, first: $first) {
          nodes {
            ...Measured
          }
        }
      }
      top: routerUsage(range: $range, filter: $top) {
        buckets(interval: $interval, timeZone: $zone, groupBy: $groupBy, orderBy: { field: TIME, direction: ASC }, first: $first) {
          nodes {
            ...Named
            ...Measured
          }
        }
      }
    }
  }
`);

export const TABLE = graphql(`
  query RouterTable(
    $account: ID
    $range: TimeRange!
    $filter: RouterFilter
    $interval: Interval
    $zone: TimeZone!
    $groupBy: [RouterDimension!]!
    $order: RouterOrder!
    $first: Int!
    $after: String
  ) {
    account(id: $account) {
      id
      currency
      routerUsage(range: $range, filter: $filter) {
        buckets(interval: $interval, timeZone: $zone, groupBy: $groupBy, orderBy: $order, first: $first, after: $after) {
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
`);
