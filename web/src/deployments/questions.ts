import { graphql } from "../gql";

graphql(`
  fragment Glance on DeploymentUsage {
    totalRequests
    activeDeployments
    fineTunings
    deployments(first: 0) {
      totalCount
    }
  }
`);

export const GLANCE = graphql(`
  query DeploymentGlance($account: ID, $range: TimeRange!, $filter: DeploymentFilter) {
    account(id: $account) {
      id
      deploymentUsage(range: $range, filter: $filter) {
        ...Glance
      }
    }
  }
`);

export const FIGURES = graphql(`
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
`);

export const OVER_TIME = graphql(`
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
`);

export const TABLE = graphql(`
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
`);

graphql(`
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
`);

export const DETAIL = graphql(`
  query DeploymentDetail($id: ID!) {
    node(id: $id) {
      id
      ...Lived
    }
  }
`);
