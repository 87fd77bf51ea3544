using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>Says how far the moves are that nobody asked for, to people: what has changed, and not more often than they read.</summary>
internal sealed class RebalanceProgress(TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly HashSet<BrokerId> _empty = [];
    private string _homeless = string.Empty;
    private (int, int, int, int) _shown;
    private long? _shownAt;

    public static string Print(IEnumerable<BrokerId> brokers) => string.Join(",", brokers.OrderBy(broker => broker.Value));

    /// <summary>Another broker is the controller: what it has said is not known here.</summary>
    public void Forget()
    {
        _empty.Clear();
        _homeless = string.Empty;
        _shownAt = null;
    }

    public void Show(RebalanceSurvey survey, RebalancePlan plan, MetadataImage image)
    {
        ShowProgress(survey, plan);
        ShowHomeless(survey, plan, image);
        _empty.IntersectWith(survey.Decommissioned);
        foreach (var broker in survey.Decommissioned)
        {
            if (survey.Holds(broker))
            {
                _empty.Remove(broker);
            }
            else if (_empty.Add(broker))
            {
                RebalanceLog.Empty(logger, broker);
            }
        }
    }

    private void ShowProgress(RebalanceSurvey survey, RebalancePlan plan)
    {
        var now = (survey.UnderWay, plan.Moves.Count, plan.Lacking, plan.Leaving);
        if (now is (0, 0, _, 0) || now == _shown || (_shownAt is { } at && clock.GetElapsedTime(at) < Interval))
        {
            return;
        }

        (_shown, _shownAt) = (now, clock.GetTimestamp());
        RebalanceLog.Progress(logger, survey.UnderWay + plan.Moves.Count, plan.Lacking, Print(survey.Receiving), plan.Leaving, Print(survey.Decommissioned));
    }

    private void ShowHomeless(RebalanceSurvey survey, RebalancePlan plan, MetadataImage image)
    {
        var homeless = string.Join(", ", plan.Homeless.Select(key => image.Find(key.TopicId)?.Name).Distinct().Order(StringComparer.Ordinal));
        if (homeless != _homeless && homeless.Length > 0)
        {
            RebalanceLog.Homeless(logger, plan.Homeless.Count, Print(survey.Decommissioned), homeless);
        }

        _homeless = homeless;
    }
}
