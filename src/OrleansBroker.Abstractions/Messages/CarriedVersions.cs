using System.Collections.Frozen;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Abstractions.Messages;

/// <summary>
/// The version in which a message of an API goes to a grain and back. Who calls a grain does not know the other side's build, so that
/// these stay as they are for as long as builds of different ages meet: one may be raised once every build that is in use reads it.
/// </summary>
internal static class CarriedVersions
{
    private static readonly FrozenDictionary<ApiKey, short> Fixed = new Dictionary<ApiKey, short>
    {
        [ApiKey.JoinGroup] = 9,
        [ApiKey.SyncGroup] = 5,
        [ApiKey.Heartbeat] = 4,
        [ApiKey.LeaveGroup] = 5,
        [ApiKey.OffsetCommit] = 9,
        [ApiKey.OffsetFetch] = 9,
        [ApiKey.DescribeGroups] = 6,
        [ApiKey.CreateTopics] = 7,
        [ApiKey.DeleteTopics] = 6,
        [ApiKey.CreatePartitions] = 3,
        [ApiKey.Metadata] = 13,
        [ApiKey.DescribeConfigs] = 4,
        [ApiKey.IncrementalAlterConfigs] = 1,
        [ApiKey.InitProducerId] = 5,
    }.ToFrozenDictionary();

    /// <summary>Whether messages of the API may stand in the interface of a grain.</summary>
    public static bool IsFixed(ApiKey api) => Fixed.ContainsKey(api);

    public static short Of(ApiDescription api) => Fixed.GetValueOrDefault(api.Key, api.VersionMax);
}
