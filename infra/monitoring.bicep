@minLength(4)
@maxLength(63)
param workspaceName string
@minLength(1)
@maxLength(255)
param componentName string
param actionGroupName string
param alertName string
param location string
param tags { *: string }
@minValue(0)
@maxValue(1000)
@description('0 sets no limit.')
param dailyCapGB int
@description('Empty tells nobody.')
param alertEmail string
param appIdentityName string
param appPrincipalId string

var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 30
    // Written in either case, so that taking the limit away lifts it.
    workspaceCapping: {
      dailyQuotaGb: dailyCapGB == 0 ? -1 : dailyCapGB
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true // its connection string alone lets nobody send telemetry
  }
}

resource appMaySendTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, appIdentityName, monitoringMetricsPublisher)
  scope: component
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}

resource whoIsTold 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'MCP server'
    enabled: true
    emailReceivers: [
      {
        name: 'email'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

// What a tool answers as its own failure is a request that succeeded: this counts crashes and refused storage.
resource requestsFail 'Microsoft.Insights/metricAlerts@2018-03-01' = if (!empty(alertEmail)) {
  name: alertName
  location: 'global'
  tags: tags
  properties: {
    description: 'More than five requests to the MCP server failed within a quarter of an hour.'
    severity: 2
    enabled: true
    scopes: [
      component.id
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'failed-requests'
          metricNamespace: 'microsoft.insights/components'
          metricName: 'requests/failed'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 5
        }
      ]
    }
    actions: [
      {
        actionGroupId: whoIsTold.id
      }
    ]
  }
}

output connectionString string = component.properties.ConnectionString
