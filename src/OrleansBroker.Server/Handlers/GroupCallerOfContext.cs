using OrleansBroker.Core.Groups;

namespace OrleansBroker.Server.Handlers;

internal static class GroupCallerOfContext
{
    public static GroupCaller ToGroupCaller(this RequestContext context) => new(context.ClientId, context.ClientAddress, context.ApiVersion);
}
