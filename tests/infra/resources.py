"""Every resource of the templates and every property that it has: the second pair of eyes that Bicep is not.

The compiler reports a property that does not exist as a warning and builds all the same, and a wrong value of a known
type not at all. So each property below was looked up in the published types of its API version, and each value that
security or a deployment hangs on is written down a second time; None stands for any. A change of a template is a change
here, made after looking it up: https://learn.microsoft.com/azure/templates/.
"""

type Properties = dict[str, str | None]

# file and symbol: type, and properties with their expressions
RESOURCES: dict[str, tuple[str, Properties]] = {
    "function-app.bicep plan": (
        "Microsoft.Web/serverfarms@2025-03-01",
        {
            "name": None,
            "location": "location",
            "tags": "tags",
            "kind": "'functionapp'",
            "sku.name": "'FC1'",
            "sku.tier": "'FlexConsumption'",
            "properties.reserved": "true",
        },
    ),
    "function-app.bicep site": (
        "Microsoft.Web/sites@2025-03-01",
        {
            "name": None,
            "location": "location",
            "tags": "tags",
            "tags.azd-service-name": "'mcp'",
            "kind": "'functionapp,linux'",
            "identity.type": "'UserAssigned'",
            "identity.userAssignedIdentities.${identityId}": "{}",
            "properties.serverFarmId": "plan.id",
            "properties.httpsOnly": "true",
            "properties.virtualNetworkSubnetId": "empty(subnetId) ? null : subnetId",
            "properties.functionAppConfig.deployment.storage.type": "'blobContainer'",
            "properties.functionAppConfig.deployment.storage.value": "'${storageBlobEndpoint}${deploymentContainerName}'",
            "properties.functionAppConfig.deployment.storage.authentication.type": "'UserAssignedIdentity'",
            "properties.functionAppConfig.deployment.storage.authentication.userAssignedIdentityResourceId": "identityId",
            "properties.functionAppConfig.scaleAndConcurrency.maximumInstanceCount": None,
            "properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB": None,
            "properties.functionAppConfig.runtime.name": "'python'",
            "properties.functionAppConfig.runtime.version": "pythonVersion",
            "properties.siteConfig.minTlsVersion": "'1.2'",
        },
    ),
    "function-app.bicep noFtpPassword": (
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01",
        {
            "name": "'ftp'",
            "properties.allow": "false",
        },
    ),
    "function-app.bicep noScmPassword": (
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01",
        {
            "name": "'scm'",
            "properties.allow": "false",
            "dependsOn": "[ noFtpPassword ]",
        },
    ),
    "function-app.bicep settings": (
        "Microsoft.Web/sites/config@2025-03-01",
        {
            "name": "'appsettings'",
            "properties.AzureWebJobsStorage__blobServiceUri": "storageBlobEndpoint",
            "properties.AzureWebJobsStorage__queueServiceUri": "storageQueueEndpoint",
            "properties.AzureWebJobsStorage__credential": "'managedidentity'",
            "properties.AzureWebJobsStorage__clientId": "identityClientId",
            "properties.APPLICATIONINSIGHTS_CONNECTION_STRING": "applicationInsightsConnectionString",
            "properties.APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "'ClientId=${identityClientId};Authorization=AAD'",
            "properties.AZURE_CLIENT_ID": "identityClientId",
            "properties.SESSION_POOL_RESOURCE_ID": "sessionPoolId",
            "properties.SESSION_POOL_MCP_ENDPOINT": "sessionPoolMcpEndpoint",
            "properties.AzureFunctionsJobHost__extensions__mcp__system__webhookAuthorizationLevel": "'Anonymous'",
            "properties.WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES": "'api://${authClientId}/user_impersonation'",
            "dependsOn": "[ noScmPassword ]",
        },
    ),
    "function-app.bicep authentication": (
        "Microsoft.Web/sites/config@2025-03-01",
        {
            "name": "'authsettingsV2'",
            "properties.platform.enabled": "!empty(authClientId)",
            "properties.globalValidation.requireAuthentication": "!empty(authClientId)",
            "properties.globalValidation.unauthenticatedClientAction": "empty(authClientId) ? 'AllowAnonymous' : 'Return401'",
            "properties.httpSettings.requireHttps": "true",
            "properties.identityProviders.azureActiveDirectory.enabled": "true",
            "properties.identityProviders.azureActiveDirectory.registration.clientId": "authClientId",
            "properties.identityProviders.azureActiveDirectory.registration.openIdIssuer": "'${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'",
            "properties.identityProviders.azureActiveDirectory.validation.allowedAudiences": "[ authClientId 'api://${authClientId}' ]",
            "properties.identityProviders.azureActiveDirectory.validation.defaultAuthorizationPolicy.allowedApplications": "concat( [ authClientId ], allowedClientIds )",
            "properties.login.tokenStore.enabled": "false",
            "dependsOn": "[ settings ]",
        },
    ),
    "identity.bicep identity": (
        "Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30",
        {
            "name": None,
            "location": "location",
            "tags": "tags",
        },
    ),
    "main.bicep resourceGroup": (
        "Microsoft.Resources/resourceGroups@2025-04-01",
        {
            "name": None,
            "location": "location",
            "tags": "tags",
        },
    ),
    "monitoring.bicep workspace": (
        "Microsoft.OperationalInsights/workspaces@2025-07-01",
        {
            "name": None,
            "location": "location",
            "tags": "tags",
            "properties.sku.name": "'PerGB2018'",
            "properties.retentionInDays": None,
            "properties.features.disableLocalAuth": "true",
            "properties.features.enableLogAccessUsingOnlyResourcePermissions": "true",
        },
    ),
    "monitoring.bicep component": (
        "Microsoft.Insights/components@2020-02-02",
        {
            "name": None,
            "location": "location",
            "tags": "tags",
            "kind": "'web'",
            "properties.Application_Type": "'web'",
            "properties.WorkspaceResourceId": "workspace.id",
            "properties.DisableLocalAuth": "true",
        },
    ),
    "monitoring.bicep appMaySendTelemetry": (
        "Microsoft.Authorization/roleAssignments@2022-04-01",
        {
            "name": "guid(component.id, appPrincipalId, monitoringMetricsPublisher)",
            "scope": "component",
            "properties.principalId": "appPrincipalId",
            "properties.principalType": "'ServicePrincipal'",
            "properties.roleDefinitionId": "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)",
        },
    ),
    "network.bicep network": (
        "Microsoft.Network/virtualNetworks@2025-05-01",
        {
            "name": None,
            "location": "location",
            "tags": "tags",
            "properties.addressSpace.addressPrefixes": None,
            "properties.subnets[0].name": "'private-endpoints'",
            "properties.subnets[0].properties.addressPrefix": None,
            "properties.subnets[0].properties.privateEndpointNetworkPolicies": "'Disabled'",
            "properties.subnets[1].name": "'app'",
            "properties.subnets[1].properties.addressPrefix": None,
            "properties.subnets[1].properties.defaultOutboundAccess": "true",
            "properties.subnets[1].properties.delegations[0].name": None,
            "properties.subnets[1].properties.delegations[0].properties.serviceName": "'Microsoft.App/environments'",
        },
    ),
    "network.bicep zones": (
        "Microsoft.Network/privateDnsZones@2024-06-01",
        {
            "name": None,
            "location": "'global'",
            "tags": "tags",
        },
    ),
    "network.bicep zoneLinks": (
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01",
        {
            "parent": "zones[index]",
            "name": None,
            "location": "'global'",
            "tags": "tags",
            "properties.registrationEnabled": "false",
            "properties.virtualNetwork.id": "network.id",
        },
    ),
    "network.bicep endpoints": (
        "Microsoft.Network/privateEndpoints@2025-05-01",
        {
            "name": None,
            "location": "location",
            "tags": "tags",
            "properties.subnet.id": "network::privateEndpointsSubnet.id",
            "properties.privateLinkServiceConnections[0].name": None,
            "properties.privateLinkServiceConnections[0].properties.privateLinkServiceId": "storageAccountId",
            "properties.privateLinkServiceConnections[0].properties.groupIds": "[ service ]",
        },
    ),
    "network.bicep zoneGroups": (
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01",
        {
            "parent": "endpoints[index]",
            "name": "'default'",
            "properties.privateDnsZoneConfigs[0].name": None,
            "properties.privateDnsZoneConfigs[0].properties.privateDnsZoneId": "zones[index].id",
        },
    ),
    "session-pool.bicep pool": (
        "Microsoft.App/sessionPools@2025-10-02-preview",
        {
            "name": None,
            "location": "location",
            "tags": "tags",
            "properties.poolManagementType": "'Dynamic'",
            "properties.containerType": "'PythonLTS'",
            "properties.scaleConfiguration.maxConcurrentSessions": "maxSessions",
            "properties.dynamicPoolConfiguration.lifecycleConfiguration.lifecycleType": "'Timed'",
            "properties.dynamicPoolConfiguration.lifecycleConfiguration.cooldownPeriodInSeconds": "cooldownSeconds",
            "properties.sessionNetworkConfiguration.status": "egressEnabled ? 'EgressEnabled' : 'EgressDisabled'",
            "properties.mcpServerSettings.isMcpServerEnabled": "true",
        },
    ),
    "session-pool.bicep keyReader": (
        "Microsoft.Authorization/roleDefinitions@2022-04-01",
        {
            "name": None,
            "properties.roleName": None,
            "properties.description": None,
            "properties.type": "'CustomRole'",
            "properties.permissions[0].actions": "[ 'Microsoft.App/sessionPools/read' 'Microsoft.App/sessionPools/fetchMCPServerCredentials/action' ]",
            "properties.permissions[0].notActions": "[]",
            "properties.assignableScopes": "[ resourceGroup().id ]",
        },
    ),
    "session-pool.bicep appMayFetchKey": (
        "Microsoft.Authorization/roleAssignments@2022-04-01",
        {
            "name": "guid(pool.id, appPrincipalId, keyReaderRoleId)",
            "scope": "pool",
            "properties.principalId": "appPrincipalId",
            "properties.principalType": "'ServicePrincipal'",
            "properties.roleDefinitionId": "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyReaderRoleId)",
            "dependsOn": "[ keyReader ]",
        },
    ),
    "session-pool.bicep userMayFetchKey": (
        "Microsoft.Authorization/roleAssignments@2022-04-01",
        {
            "name": "guid(pool.id, userPrincipalId, keyReaderRoleId)",
            "scope": "pool",
            "properties.principalId": "userPrincipalId",
            "properties.principalType": "userPrincipalType",
            "properties.roleDefinitionId": "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyReaderRoleId)",
            "dependsOn": "[ keyReader ]",
        },
    ),
    "storage.bicep account": (
        "Microsoft.Storage/storageAccounts@2025-06-01",
        {
            "name": None,
            "location": "location",
            "tags": "tags",
            "kind": "'StorageV2'",
            "sku.name": "'Standard_LRS'",
            "properties.accessTier": "'Hot'",
            "properties.allowBlobPublicAccess": "false",
            "properties.allowCrossTenantReplication": "false",
            "properties.allowSharedKeyAccess": "false",
            "properties.defaultToOAuthAuthentication": "true",
            "properties.minimumTlsVersion": "'TLS1_2'",
            "properties.supportsHttpsTrafficOnly": "true",
            "properties.publicNetworkAccess": "publicNetworkAccess ? 'Enabled' : 'Disabled'",
            "properties.networkAcls.bypass": "'None'",
            "properties.networkAcls.defaultAction": "publicNetworkAccess ? 'Allow' : 'Deny'",
        },
    ),
    "storage.bicep blobService": (
        "Microsoft.Storage/storageAccounts/blobServices@2025-06-01",
        {
            "name": "'default'",
        },
    ),
    "storage.bicep deploymentContainer": (
        "Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01",
        {
            "name": None,
            "properties.publicAccess": "'None'",
        },
    ),
    "storage.bicep snippetsContainer": (
        "Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01",
        {
            "name": "'snippets'",
            "properties.publicAccess": "'None'",
        },
    ),
    "storage.bicep appRoles": (
        "Microsoft.Authorization/roleAssignments@2022-04-01",
        {
            "name": "guid(account.id, appPrincipalId, role)",
            "scope": "account",
            "properties.principalId": "appPrincipalId",
            "properties.principalType": "'ServicePrincipal'",
            "properties.roleDefinitionId": "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)",
        },
    ),
    "storage.bicep userRoles": (
        "Microsoft.Authorization/roleAssignments@2022-04-01",
        {
            "name": "guid(account.id, userPrincipalId, role)",
            "scope": "account",
            "properties.principalId": "userPrincipalId",
            "properties.principalType": "userPrincipalType",
            "properties.roleDefinitionId": "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)",
        },
    ),
}
