namespace OrleansBroker.Core.Groups;

/// <summary>A member as the log has it: with what it said about itself under the group's protocol, and its assignment.</summary>
internal sealed record CommittedMember(string MemberId, string? InstanceId)
{
    public required string ClientId { get; init; }

    public required string ClientHost { get; init; }

    public required int RebalanceTimeoutMs { get; init; }

    public required int SessionTimeoutMs { get; init; }

    public required byte[] Metadata { get; init; }

    public required byte[] Assignment { get; init; }
}
