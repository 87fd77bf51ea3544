using OrleansBroker.Core.Peers;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>Pushes what this broker stored to the others that live, and pulls now and then what it missed of theirs.</summary>
internal sealed class AnnouncementExchange(ReplicaServices services, Announcements announcements, Action<Announcement> hear)
{
    private static readonly TimeSpan PullInterval = TimeSpan.FromSeconds(1);

    private readonly WakeUp _pushDue = new(services.Clock);

    /// <summary>There is something new.</summary>
    public void Push() => _pushDue.Call();

    public async Task RunPushesAsync(CancellationToken stopping)
    {
        while (true)
        {
            await _pushDue.SleepAsync(PullInterval, stopping);
            if (announcements.TakeUnpushed() is { } news)
            {
                // Not waited for: one that cannot be reached does not keep the others waiting, and pulls when it can.
                foreach (var broker in Others())
                {
                    _ = PushAsync(broker, news, stopping);
                }
            }
        }
    }

    public async Task RunPullsAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(PullInterval, services.Clock, stopping);
            await Task.WhenAll(Others().Select(broker => PullAsync(broker, stopping)));
        }
    }

    private BrokerId[] Others() => [.. services.Membership.Current.Brokers.Select(broker => broker.Id).Where(id => id != services.Self.Id)];

    private async Task PushAsync(BrokerId broker, Announcement news, CancellationToken stopping)
    {
        try
        {
            await services.Peers.AskAsync(broker, new Announce(news), stopping);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It pulls.
        }
    }

    private async Task PullAsync(BrokerId broker, CancellationToken stopping)
    {
        try
        {
            var (epoch, version) = announcements.HeardOf(broker);
            hear(await services.Peers.AskAsync(broker, new PullAnnouncements(epoch, version), stopping));
        }
        catch (IOException)
        {
            // The next time.
        }
    }
}
