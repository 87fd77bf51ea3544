using System.Diagnostics.CodeAnalysis;

namespace OrleansBroker.Core.Groups;

/// <summary>
/// The groups of a shard: as the log has them, which replay alone changes, and, once the shard is loaded, as they are now.
/// A group that only has offsets is one too, without members and protocol type.
/// </summary>
internal sealed class GroupTable
{
    private readonly Dictionary<string, CommittedGroup> _committed = [];
    private readonly Dictionary<string, ClassicGroup> _groups = [];

    public IReadOnlyDictionary<string, CommittedGroup> Committed => _committed;

    public IReadOnlyCollection<ClassicGroup> All => _groups.Values;

    /// <summary>The group, or null where there is none, which clients know as a dead one.</summary>
    public ClassicGroup? Find(string groupId) => _groups.GetValueOrDefault(groupId);

    public bool TryFind(string groupId, [NotNullWhen(true)] out ClassicGroup? group) => _groups.TryGetValue(groupId, out group);

    public void Add(ClassicGroup group) => _groups.Add(group.GroupId, group);

    public void SetCommitted(string groupId, CommittedGroup committed) => _committed[groupId] = committed;

    /// <summary>Forgets the group altogether; returns what was going on in it, if anything was.</summary>
    public ClassicGroup? Remove(string groupId)
    {
        _committed.Remove(groupId);
        _groups.Remove(groupId, out var group);
        return group;
    }
}
