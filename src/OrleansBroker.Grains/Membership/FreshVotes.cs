using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Membership;

/// <summary>
/// The membership table, to which no vote against a broker gets that is as old as the table was away. Orleans goes on trying to say
/// what it suspects for as long as the table cannot be read, whatever the silo has answered since, and when the table is back no
/// silo's row in it is fresh, so that the first vote decides: for a while after the table was away, a silo that answers is not voted
/// against. At other times votes are held up by nothing.
/// </summary>
internal sealed class FreshVotes(IMembershipTable table, SiloAddress self, Func<ISilosAround> silos, TimeProvider clock, ILogger<FreshVotes> logger) : IMembershipTable
{
    /// <summary>A table that takes as long was away for some of it.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    /// <summary>More than the minute that Orleans leaves between two attempts at most.</summary>
    private static readonly TimeSpan DoubtsFor = TimeSpan.FromMinutes(2);

    private long _awayAt;

    private bool IsDoubtful => Volatile.Read(ref _awayAt) is not 0 and var awayAt && clock.GetElapsedTime(awayAt) < DoubtsFor;

    public Task InitializeMembershipTable(bool tryInitTableVersion) => table.InitializeMembershipTable(tryInitTableVersion);

    public Task DeleteMembershipTableEntries(string clusterId) => table.DeleteMembershipTableEntries(clusterId);

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => table.CleanupDefunctSiloEntries(beforeDate);

    public Task<MembershipTableData> ReadRow(SiloAddress key) => table.ReadRow(key);

    public Task<MembershipTableData> ReadAll() => WatchAsync(table.ReadAll);

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => table.InsertRow(entry, tableVersion);

    /// <returns>False also where the silo answers: Orleans drops what it wanted to say then.</returns>
    public async Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        if (IsVote(entry) && IsDoubtful && await AnswersAsync(entry.SiloAddress))
        {
            GrainsLog.VoteDropped(logger, entry.SiloAddress);
            return false;
        }

        return await WatchAsync(() => table.UpdateRow(entry, etag, tableVersion));
    }

    public Task UpdateIAmAlive(MembershipEntry entry) => WatchAsync(async () =>
    {
        await table.UpdateIAmAlive(entry);
        return true;
    });

    /// <summary>Another silo's row is changed for nothing else. An earlier life of this silo, which is cleared away as it starts, is no other.</summary>
    private bool IsVote(MembershipEntry entry) => !entry.SiloAddress.Endpoint.Equals(self.Endpoint) && SiloName.ToBroker(entry.SiloName) != BrokerId.None;

    /// <summary>A process that has ended refuses at once; only one that says nothing at all is waited for.</summary>
    private async Task<bool> AnswersAsync(SiloAddress silo)
    {
        var around = silos();
        return !await around.RefusesAsync(silo) && (await around.AnswersAsync(silo) || await around.AnswersAsync(silo));
    }

    private async Task<T> WatchAsync<T>(Func<Task<T>> call)
    {
        var began = clock.GetTimestamp();
        var isThere = false;
        try
        {
            var result = await call();
            isThere = clock.GetElapsedTime(began) < Slow;
            return result;
        }
        finally
        {
            if (!isThere)
            {
                Volatile.Write(ref _awayAt, clock.GetTimestamp());
            }
        }
    }
}
