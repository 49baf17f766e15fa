@minLength(3)
@maxLength(63)
param name string
param location string
param tags { *: string }
param egressEnabled bool
@minValue(5)
@maxValue(600)
param maxSessions int
@minValue(300)
@maxValue(3600)
param cooldownSeconds int
@description('Id of an existing role that may fetch the key. Empty makes one.')
param roleId string
param appIdentityName string
param appPrincipalId string
param userPrincipalId string
@allowed([
  'User'
  'ServicePrincipal'
  'Group'
])
param userPrincipalType string

// mcpServerSettings is published in two previews, this and 2026-03-02-preview, and in no stable version up to 2026-07-01.
#disable-next-line use-recent-api-versions
resource pool 'Microsoft.App/sessionPools@2025-10-02-preview' = {
  name: name
  location: location
  tags: tags
  properties: {
    poolManagementType: 'Dynamic'
    containerType: 'PythonLTS'
    scaleConfiguration: {
      maxConcurrentSessions: maxSessions
    }
    dynamicPoolConfiguration: {
      lifecycleConfiguration: {
        lifecycleType: 'Timed'
        cooldownPeriodInSeconds: cooldownSeconds
      }
    }
    sessionNetworkConfiguration: {
      status: egressEnabled ? 'EgressEnabled' : 'EgressDisabled'
    }
    mcpServerSettings: {
      isMcpServerEnabled: true
    }
  }
}

var customRoleName = guid(resourceGroup().id, name, 'mcp-key-reader')
var keyReaderRoleId = empty(roleId) ? customRoleName : roleId

// Container Apps SessionPools Contributor could fetch the key too, and open the pool to the internet, or delete it.
resource keyReader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (empty(roleId)) {
  name: customRoleName
  properties: {
    // Unique in a tenant. infra/hooks/key_reader_role.py finds it by this name, to delete it with the rest.
    roleName: 'MCP key reader of ${name}'
    description: 'Reads a session pool and fetches the key of its MCP server.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.App/sessionPools/read'
          'Microsoft.App/sessionPools/fetchMCPServerCredentials/action'
        ]
        notActions: []
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource appMayFetchKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(pool.id, appIdentityName, keyReaderRoleId)
  scope: pool
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyReaderRoleId)
  }
  dependsOn: [
    keyReader // named by its id above, which alone is no dependency
  ]
}

resource userMayFetchKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(userPrincipalId)) {
  name: guid(pool.id, userPrincipalId, keyReaderRoleId)
  scope: pool
  properties: {
    principalId: userPrincipalId
    principalType: userPrincipalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyReaderRoleId)
  }
  dependsOn: [
    keyReader
  ]
}

output id string = pool.id
// Azure leaves it out where the MCP preview is not on; infra/hooks/after_provision.py then says what to do.
output mcpEndpoint string = pool.properties.?mcpServerSettings.?mcpServerEndpoint ?? ''
