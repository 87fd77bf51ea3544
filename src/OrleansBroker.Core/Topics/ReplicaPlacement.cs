using OrleansBroker.Protocol;
using static OrleansBroker.Protocol.ErrorCode;

namespace OrleansBroker.Core.Topics;

/// <summary>Which brokers hold the replicas of new partitions: as the client says, or spread evenly.</summary>
internal static class ReplicaPlacement
{
    /// <summary>
    /// Round robin over the brokers for the first replica; the others follow at a distance that grows by one each time all
    /// brokers had their turn, so that a broker's partitions do not all share the same followers.
    /// </summary>
    /// <param name="first">The number of the first partition that is placed.</param>
    /// <param name="start">Where the round begins; not negative, and different for each topic, or the first broker would lead every small topic.</param>
    public static BrokerId[][] Spread(int first, int count, int replicationFactor, IReadOnlyList<BrokerId> brokers, int start)
    {
        var placed = new BrokerId[count][];
        if (brokers.Count == 1)
        {
            Array.Fill(placed, [brokers[0]]);
            return placed;
        }

        for (var i = 0; i < count; i++)
        {
            var partition = first + i;
            var distance = partition / brokers.Count % (brokers.Count - 1);
            var replicas = new BrokerId[replicationFactor];
            replicas[0] = brokers[(int)(((uint)start + (uint)partition) % brokers.Count)];
            for (var follower = 1; follower < replicationFactor; follower++)
            {
                var step = 1 + ((distance + follower - 1) % (brokers.Count - 1));
                replicas[follower] = brokers[(int)(((uint)start + (uint)partition + (uint)step) % brokers.Count)];
            }

            placed[i] = replicas;
        }

        return placed;
    }

    /// <summary>Takes an assignment that the client made, one list of brokers per partition.</summary>
    /// <param name="replicationFactor">Of the partitions that exist; 0 where the first list decides.</param>
    public static Refusal? TryTake(IReadOnlyList<int[]> assignments, int replicationFactor, IReadOnlyList<BrokerId> brokers, out BrokerId[][] placed)
    {
        placed = [];
        foreach (var assignment in assignments)
        {
            if (assignment.Length == 0)
            {
                return new(InvalidReplicaAssignment, "The assignment has a partition without replicas");
            }

            if (assignment.Distinct().Count() != assignment.Length)
            {
                return new(InvalidReplicaAssignment, "The assignment names a broker twice for one partition");
            }

            foreach (var id in assignment)
            {
                if (!brokers.Contains(new BrokerId(id)))
                {
                    return new(InvalidReplicaAssignment, $"The assignment names broker {id}, which does not exist");
                }
            }

            if (replicationFactor != 0 && assignment.Length != replicationFactor)
            {
                return new(InvalidReplicaAssignment, $"The assignment has a partition with {assignment.Length} replicas where others have {replicationFactor}");
            }

            replicationFactor = assignment.Length;
        }

        placed = [.. assignments.Select(assignment => Array.ConvertAll(assignment, id => new BrokerId(id)))];
        return null;
    }
}
